#include "pgexpand/ops/claims.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {

void Claims::claim(const std::string& what) {
  if (!claims_.insert(what).second) {
    repeats_.emplace_back(where_, what);
  }
}

void Claims::writes(const sql::TableName& table,
                    const sql::Identifier& column) {
  written_[{table, column}] = where_;
}

void Claims::drops(const sql::TableName& table, const sql::Identifier& column) {
  dropped_[{table, column}] = where_;
}

void Claims::report(Diagnostics& findings) const {
  for (const auto& [where, what] : repeats_) {
    findings.error(
        where, "operation.repeated",
        fmt::format("{} comes from two operations of this migration", what),
        "leave one out, or give it another name or a migration of "
        "its own");
  }
  for (const auto& [column, where] : dropped_) {
    const auto written = written_.find(column);
    if (written != written_.end()) {
      findings.error(
          std::ranges::max(where, written->second, {}, &Location::line),
          "operation.conflict",
          fmt::format("column {} of {} is dropped by one operation of this "
                      "migration and changed by another",
                      column.second.name(), column.first.display()),
          "leave one out, or drop it in a migration of its own");
    }
  }
}

}  // namespace pgexpand::ops
