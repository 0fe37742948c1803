#include "ops/code_rules.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::ops {
namespace {

std::vector<std::string> code_with(const catalog::Catalog& catalog,
                                   const sql::ColumnName& name,
                                   catalog::Mention how) {
  std::vector<std::string> found;
  for (const catalog::Code& code : catalog.code) {
    if (code.table == name.table &&
        catalog::mention(code, name.column) == how) {
      found.push_back(catalog::display(code));
    }
  }
  return found;
}

}  // namespace

void miss_name(const Situation& situation,
               const catalog::Table& table,
               const sql::Identifier& column,
               const Allowed& allowed,
               const Location& where,
               Draft& draft,
               Diagnostics& findings) {
  const sql::ColumnName name{table.name, column};
  if (!allowed.function_bodies) {
    draft.misses(name);
  }
  const auto sure =
      code_with(situation.catalog, name, catalog::Mention::by_name);
  if (!sure.empty()) {
    findings.warn(
        where, "column.named-in-code",
        fmt::format("contract takes the name {} of {} away, and there is code "
                    "that fails then: {}",
                    column.name(), table.name.display(), fmt::join(sure, "; ")),
        allowed.function_bodies
            ? "replace it by the time of contract, which does not wait for it"
        : draft.in_views()
            ? "contract is refused while it is there: write it so that it "
              "works with both names, as with to_jsonb(NEW), or replace it "
              "together with `pgexpand contract --force`"
            : "contract is refused while it is there: replace it between "
              "switch and contract");
  }
  const auto perhaps =
      code_with(situation.catalog, name, catalog::Mention::in_string);
  if (!perhaps.empty()) {
    findings.warn(where, "column.named-in-string",
                  fmt::format("contract takes the name {} of {} away, and a "
                              "string has it in {}",
                              column.name(), table.name.display(),
                              fmt::join(perhaps, "; ")),
                  "look whether it means the column; contract does not");
  }
}

}  // namespace pgexpand::ops
