#pragma once

#include "pgexpand/report/event.hpp"

#include <chrono>
#include <functional>
#include <iosfwd>

namespace pgexpand::report {

/// Writes one JSON object per line and event, flushed at once. The last line,
/// `type: result`, is the command's to write. A stream that broke (a closed
/// pipe) is ignored.
class JsonReporter : public Reporter {
 public:
  using Clock = std::function<std::chrono::system_clock::time_point()>;

  JsonReporter(std::ostream& out, Clock clock);
  void on(const Event& event) override;

 private:
  std::ostream& out_;
  Clock clock_;
};

}  // namespace pgexpand::report
