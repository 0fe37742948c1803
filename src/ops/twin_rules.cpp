// What decides whether a column can move, and how much is promised by it.
#include "ops/carry.hpp"
#include "ops/column_rules.hpp"
#include "ops/table_operation.hpp"
#include "ops/twin.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace pgexpand::ops {

using sql::Identifier;

namespace {

bool keeps_identity(const Twin& twin) {
  constexpr std::array<std::uint32_t, 3> integers{20, 21, 23};
  const bool is_integer =
      std::ranges::find(integers, twin.type.oid) != integers.end();
  return !twin.column->identity ||
         (is_integer && twin.not_null && is_never_null(*twin.table, twin.up));
}

bool has_cast(const catalog::ExpressionAnswer& answer,
              std::string_view field,
              const catalog::Column& column,
              const catalog::Type& from,
              const catalog::Type& to,
              const Location& where,
              Diagnostics& findings) {
  if (answer.assignable) {
    return true;
  }
  findings.error(
      where, fmt::format("column.needs-{}", field),
      fmt::format("there is no assignment cast from {} to {}, so `{}` must say "
                  "how",
                  from.name.text, to.name.text, field),
      fmt::format("add for instance `{}: \"{}::{}\"`", field,
                  column.name.name(), to.name.text));
  return false;
}

}  // namespace

bool has_casts(const catalog::Column& column,
               const catalog::Type& fresh,
               const catalog::ExpressionAnswer& up,
               const catalog::ExpressionAnswer& down,
               const Location& where,
               Diagnostics& findings) {
  const bool is_there =
      has_cast(up, "up", column, column.type, fresh, where, findings);
  return has_cast(down, "down", column, fresh, column.type, where, findings) &&
         is_there;
}

bool is_castable(const catalog::Answers& answers,
                 const std::string& key,
                 const catalog::Column& column,
                 const catalog::Type& fresh,
                 const Location& where,
                 Diagnostics& findings) {
  const auto found = answers.expressions.find(key);
  if (found == answers.expressions.end() || !found->second.finding) {
    return true;
  }
  findings.error(
      where, "column.default-not-castable",
      fmt::format("the default of {}, {}, cannot be cast to {}: {}",
                  column.name.name(), column.default_value->text,
                  fresh.name.text, found->second.finding->message),
      "add `default:` with a value of the new type, or `default: null` for "
      "none");
  return false;
}

bool can_be_added(const Twin& twin,
                  const Location& where,
                  Diagnostics& findings) {
  if (!keeps_identity(twin)) {
    findings.refuse(where, "column.identity",
                    fmt::format("column {} is an identity column: it must stay "
                                "a smallint, integer or bigint without NULL",
                                twin.column->name.name()),
                    "drop the identity first, or keep an integer type");
    return false;
  }
  return is_free_of_constraints(twin.type, where, findings);
}

bool is_touched_at_swap(const catalog::Trigger& trigger) {
  return trigger.function_language == "plpgsql";
}

bool is_widening(const catalog::Type& from, const catalog::Type& to) {
  constexpr std::uint32_t int2 = 21, int4 = 23, int8 = 20, numeric = 1700,
                          text = 25, varchar = 1043, float4 = 700, float8 = 701;
  const auto is = [&](std::uint32_t source, std::uint32_t target) {
    return from.oid == source && to.oid == target && to.modifier < 0;
  };
  const bool is_string = from.oid == varchar || from.oid == text;
  return is(int2, int4) || is(int2, int8) || is(int4, int8) ||
         is(int2, numeric) || is(int4, numeric) || is(int8, numeric) ||
         is(int4, float8) || is(int2, float8) || is(float4, float8) ||
         (is_string && to.oid == text) ||
         (is_string && to.oid == varchar && to.modifier < 0) ||
         (from.oid == to.oid && from.modifier == to.modifier);
}

void check_dependents(const catalog::Table& table,
                      const catalog::Column& column,
                      const Location& where,
                      Diagnostics& findings) {
  if (refuse_if_partition_key(table, column, "change", where, findings)) {
    return;
  }
  check_move_in_partitions(table, column, where, findings);
  for (const auto& dependent : column.dependents) {
    findings.refuse(where, "column.has-dependents",
                    fmt::format("{} depends on column {} of {} and cannot "
                                "follow it ({})",
                                dependent.identity, column.name.name(),
                                table.name.display(), dependent.kind),
                    fmt::format("drop the {} first and create it again after "
                                "contract",
                                dependent.kind));
  }
  for (const auto& index : table.indexes) {
    if (index.is_exclusion &&
        std::ranges::find(index.reads, column.name) != index.reads.end()) {
      findings.refuse(
          where, "column.exclusion-constraint",
          fmt::format("exclusion constraint {} cannot be built for the new "
                      "column without blocking writers: PostgreSQL has no NOT "
                      "VALID for it",
                      index.name.name.name()),
          "drop the constraint first and add it again after contract");
    }
  }
}

// The same COST keeps all else.
std::vector<sql::Statement> trigger_touches(
    const catalog::Table& table, const std::vector<sql::Statement>& known) {
  std::vector<sql::Statement> touches;
  for (const auto& trigger : table.triggers) {
    if (!is_touched_at_swap(trigger)) {
      continue;
    }
    auto touch = sql::Statement::of(
        "ALTER FUNCTION {} COST {}", sql::Expression{trigger.function},
        sql::Expression{fmt::format("{}", trigger.function_cost)});
    if (std::ranges::find(known, touch) == known.end()) {
      touches.push_back(std::move(touch));
    }
  }
  return touches;
}

}  // namespace pgexpand::ops
