#include "ops/column_warnings.hpp"

#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {

void warn_of_lastval(const catalog::Table& table,
                     const sql::Identifier& column,
                     const Location& where,
                     Diagnostics& findings) {
  const auto draws = [](const catalog::Column& other) {
    return other.identity || other.sequence;
  };
  if (std::ranges::any_of(table.columns, draws)) {
    findings.warn(where, "column.lastval",
                  fmt::format("{} has another column with numbers of its own: "
                              "from expand on lastval() after an INSERT gives "
                              "the number of {}",
                              table.name.display(), column.name()),
                  "use RETURNING, or currval() of the sequence that is meant");
  }
}

void warn_of_default(const catalog::Table& table,
                     const sql::Identifier& column,
                     const sql::Expression& deparsed,
                     const Location& where,
                     Diagnostics& findings) {
  if (deparsed.text.find("nextval(") != std::string::npos) {
    warn_of_lastval(table, column, where, findings);
  } else if (!sql::cannot_fail(deparsed.text)) {
    findings.warn(where, "column.default-may-fail",
                  fmt::format("where the default of {} fails, or is NULL and "
                              "may not be, an old client's INSERT is rejected "
                              "from expand on",
                              column.name()),
                  "use a default that has a value in every session");
  }
}

void warn_of_generated(const sql::Identifier& column,
                       const sql::Expression& deparsed,
                       const Location& where,
                       Diagnostics& findings) {
  if (!sql::cannot_fail(deparsed.text)) {
    findings.warn(where, "column.generated-may-fail",
                  fmt::format("from expand on a row for which the expression "
                              "of {} fails is rejected, or on PostgreSQL 18 "
                              "cannot be read whole",
                              column.name()),
                  "write an expression that has a value for every row, or add "
                  "a plain column with `up`: that one never fails a write");
  }
}

}  // namespace pgexpand::ops
