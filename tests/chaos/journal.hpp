#pragma once

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <vector>

namespace pgexpand::chaos {

/// What happened in one seed's trial, with the time since its beginning. Safe
/// for several threads.
class Journal {
 public:
  void say(const std::string& text);
  /// Said as well. The trial goes on.
  void violation(const std::string& text);

  [[nodiscard]] std::vector<std::string> violations() const;
  /// All lines so far.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::chrono::milliseconds elapsed() const;

  std::atomic<int> faults{0};       ///< That struck.
  std::atomic<long> operations{0};  ///< Of the writers, acknowledged.

 private:
  const std::chrono::steady_clock::time_point start_ =
      std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::string text_;
  std::vector<std::string> violations_;
};

}  // namespace pgexpand::chaos
