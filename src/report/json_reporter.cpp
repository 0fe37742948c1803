#include "pgexpand/report/json_reporter.hpp"

#include "pgexpand/report/json.hpp"

#include <ostream>
#include <utility>

namespace pgexpand::report {

JsonReporter::JsonReporter(std::ostream& out, Clock clock)
    : out_(out), clock_(std::move(clock)) {}

void JsonReporter::on(const Event& event) {
  const Json keys = to_json(event);
  Json line;
  line["type"] = keys["type"];
  line["at"] = rfc3339(clock_());
  line.update(keys);
  out_ << to_line(line) << '\n' << std::flush;
}

}  // namespace pgexpand::report
