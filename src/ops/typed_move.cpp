#include "ops/typed_move.hpp"

#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

namespace pgexpand::ops {

Move typed_move(const sql::Identifier& from,
                const sql::Identifier& to,
                bool in_views) {
  // Under another name both stand side by side until contract; with version
  // schemas the name is the view's alone.
  const bool both_stand = to != from && !in_views;
  return {.from = from,
          .to = to,
          .physical = both_stand ? to : sql::twin_name(from),
          .swaps = to == from && !in_views};
}

bool may_lose(const Move& move,
              bool in_views,
              const Location& where,
              Diagnostics& findings) {
  if (move.swaps || in_views) {
    return true;
  }
  findings.refuse(
      where, "column.lossy-rename",
      fmt::format("{} and {} stand side by side until contract, so each has to "
                  "have a value for each of the other's",
                  move.from.name(), move.to.name()),
      "leave `lossy` out, or rename the column in a migration of its own");
  return false;
}

}  // namespace pgexpand::ops
