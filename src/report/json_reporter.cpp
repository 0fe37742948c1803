#include "pgexpand/report/json_reporter.hpp"

#include "pgexpand/report/json.hpp"

#include <ostream>
#include <utility>

namespace pgexpand::report {

JsonReporter::JsonReporter(std::ostream& out, Clock clock)
    : out_(out), clock_(std::move(clock)) {}

bool JsonReporter::is_due(const Event& event) {
  const auto* progress = std::get_if<Progress>(&event);
  if (progress == nullptr) {
    return true;
  }
  constexpr std::chrono::seconds between{1};
  const std::string about = progress->step + " " + progress->waiting_for;
  const auto now = clock_();
  if (about == progress_ && now - progress_at_ < between) {
    return false;
  }
  progress_ = about;
  progress_at_ = now;
  return true;
}

void JsonReporter::on(const Event& event) {
  if (!is_due(event)) {
    return;
  }
  const Json keys = to_json(event);
  Json line;
  line["type"] = keys["type"];
  line["at"] = rfc3339(clock_());
  line.update(keys);
  out_ << to_line(line) << '\n' << std::flush;
}

}  // namespace pgexpand::report
