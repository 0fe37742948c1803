// verify compares the old column with down(up(column)) in every row. A sample
// tells before the backfill what it would find after it.
#include "ops/round_trip.hpp"

#include "ops/comparator.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {

catalog::RoundTripProbe round_trip(const catalog::Table& table,
                                   const catalog::Column& column,
                                   const std::string& prefix) {
  return {.up = prefix + "up",
          .down = prefix + "down",
          .type = prefix + "type",
          .table = table.name,
          .column = column.name,
          .old_column = column.name,
          .old_type = column.type.name,
          .differs = differs(column.type, {"pgexpand_back"},
                             sql::compose("pgexpand_row.{}", column.name))};
}

void check_round_trip(const Situation& situation,
                      const catalog::Column& column,
                      const std::string& prefix,
                      const Allowed& allowed,
                      const Location& where,
                      Diagnostics& findings) {
  const auto found = situation.answers.round_trips.find(prefix);
  if (found == situation.answers.round_trips.end() || found->second.lost == 0) {
    return;
  }
  findings.warn(
      where, "column.does-not-come-back",
      fmt::format("in {} of {} sampled rows {} does not come back: `down` of "
                  "what `up` gives fails, or is another value",
                  human_count(found->second.lost),
                  human_count(found->second.rows), column.name.name()),
      allowed.lossy
          ? "`allow: [lossy]` accepts that: after contract the old values are "
            "gone"
          : "verify would refuse such rows: change `up` or `down`, or add "
            "`allow: [lossy]` if their old values may go");
}

}  // namespace pgexpand::ops
