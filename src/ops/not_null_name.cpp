// From PostgreSQL 18 on NOT NULL is a constraint with a name, which RENAME
// COLUMN does not change.
#include "ops/not_null_name.hpp"

#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Identifier;
using sql::Statement;

/// As the server would name it.
Identifier usual_name(const catalog::Table& table, const Identifier& column) {
  const std::string usual =
      fmt::format("{}_{}_not_null", table.name.name.name(), column.name());
  Identifier name(sql::shorten_name(usual));
  for (int n = 1; table.constraint(name) != nullptr; ++n) {
    name = Identifier(sql::shorten_name(fmt::format("{}{}", usual, n)));
  }
  return name;
}

}  // namespace

const catalog::Constraint* not_null_of(const catalog::Table& table,
                                       const Identifier& column) {
  const auto found =
      std::ranges::find_if(table.constraints, [&](const auto& constraint) {
        return constraint.kind == catalog::ConstraintKind::not_null &&
               constraint.columns == std::vector{column};
      });
  return found == table.constraints.end() ? nullptr : &*found;
}

Statement make_not_null(const sql::TableName& table,
                        const Identifier& column,
                        const std::optional<Identifier>& name) {
  return name ? Statement::of("ALTER TABLE {} ADD CONSTRAINT {} NOT NULL {}",
                              table, *name, column)
              : Statement::of("ALTER TABLE {} ALTER COLUMN {} SET NOT NULL",
                              table, column);
}

void hand_over_name(Draft& draft, const Twin& twin, NotNull& rule) {
  const auto* old = not_null_of(*twin.table, twin.move.from);
  if (old == nullptr && !twin.not_null_has_name) {
    return;
  }
  rule.name = sql::not_null_name(twin.move.to);
  const Identifier name =
      old == nullptr ? usual_name(*twin.table, twin.move.to) : old->name;
  Transition& at_contract = draft.at_contract();
  at_contract.last.push_back(
      Statement::of("ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                    twin.table->name, *rule.name, name));
  if (old != nullptr && old->comment) {
    at_contract.last.push_back(comment_on_constraint(*old));
  }
}

}  // namespace pgexpand::ops
