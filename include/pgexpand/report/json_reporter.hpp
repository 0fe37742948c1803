#pragma once

#include "pgexpand/report/event.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>
#include <string>

namespace pgexpand::report {

/// Writes one JSON object per line and event, flushed at once; of progress that
/// tells nothing but numbers, one a second. The last line, `type: result`, is
/// the command's to write. A stream that broke (a closed
/// pipe) is ignored.
class JsonReporter : public Reporter {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  JsonReporter(std::ostream& out, Clock clock);
  void on(const Event& event) override;

 private:
  /// A slice of a batch takes a few milliseconds: not each deserves a line.
  [[nodiscard]] bool is_due(const Event& event);

  std::ostream& out_;
  Clock clock_;
  std::chrono::system_clock::time_point progress_at_{};
  std::string progress_;  ///< What it was about.
};

}  // namespace pgexpand::report
