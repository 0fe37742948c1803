#pragma once

#include "pgexpand/report/event.hpp"

#include <atomic>
#include <cstdint>
#include <mutex>

namespace pgexpand::exec {

/// Passes events on, one thread at a time, and counts those that mean the run
/// came further.
class SerialReporter : public report::Reporter {
 public:
  explicit SerialReporter(report::Reporter& next) : next_(next) {}

  void on(const report::Event& event) override {
    const std::scoped_lock lock(mutex_);
    if (std::holds_alternative<report::Progress>(event) ||
        std::holds_alternative<report::StepDone>(event) ||
        std::holds_alternative<report::StepUndone>(event)) {
      ++advances_;
    }
    next_.on(event);
  }
  [[nodiscard]] std::int64_t advances() const noexcept { return advances_; }

 private:
  report::Reporter& next_;
  std::mutex mutex_;
  std::atomic<std::int64_t> advances_{0};
};

}  // namespace pgexpand::exec
