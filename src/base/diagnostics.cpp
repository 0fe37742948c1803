#include "pgexpand/base/diagnostics.hpp"

#include <algorithm>
#include <utility>

namespace pgexpand {

void Diagnostics::error(const Location& where,
                        std::string code,
                        std::string message,
                        std::string hint) {
  add({Severity::error, std::move(code), std::move(message), std::move(hint),
       where});
}

void Diagnostics::refuse(const Location& where,
                         std::string code,
                         std::string message,
                         std::string hint) {
  add({Severity::refusal, std::move(code), std::move(message), std::move(hint),
       where});
}

void Diagnostics::warn(const Location& where,
                       std::string code,
                       std::string message,
                       std::string hint) {
  add({Severity::warning, std::move(code), std::move(message), std::move(hint),
       where});
}

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(findings_, [](const Diagnostic& finding) {
    return finding.severity == Severity::error;
  });
}

bool Diagnostics::has_refusals() const {
  return std::ranges::any_of(findings_, [](const Diagnostic& finding) {
    return finding.severity == Severity::refusal;
  });
}

void Diagnostics::append(const Diagnostics& other) {
  // Copied first: `other` may be this object.
  std::vector<Diagnostic> more = other.findings_;
  findings_.insert(findings_.end(), std::make_move_iterator(more.begin()),
                   std::make_move_iterator(more.end()));
}

}  // namespace pgexpand
