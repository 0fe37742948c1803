#include "chaos/journal.hpp"

#include <fmt/format.h>

namespace pgexpand::chaos {
namespace {

constexpr std::size_t most_violations = 30;

}  // namespace

void Journal::say(const std::string& text) {
  const auto now = elapsed().count();
  const std::scoped_lock lock(mutex_);
  text_ += fmt::format("{:>7} ms  {}\n", now, text);
}

void Journal::violation(const std::string& text) {
  say("VIOLATION " + text);
  const std::scoped_lock lock(mutex_);
  if (violations_.size() < most_violations) {
    violations_.push_back(text);
  }
}

std::vector<std::string> Journal::violations() const {
  const std::scoped_lock lock(mutex_);
  return violations_;
}

std::string Journal::text() const {
  const std::scoped_lock lock(mutex_);
  return text_;
}

std::chrono::milliseconds Journal::elapsed() const {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - start_);
}

}  // namespace pgexpand::chaos
