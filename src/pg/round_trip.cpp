// down(up(row)) on sampled rows. verify asks it of every row, after a backfill
// that may have taken days.
#include "pg/round_trip.hpp"

#include "pg/sample.hpp"
#include "pgexpand/base/assert.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace pgexpand::pg {
namespace {

// Values are variables' initial values, as in sample.cpp: their failure is the
// enclosing block's. Where `up` fails the sample of `up` has said so.
constexpr const char* block = R"(
DECLARE
  pgexpand_row record;
  pgexpand_rows bigint := 0;
  pgexpand_lost bigint := 0;
BEGIN
  FOR pgexpand_row IN {rows} LOOP
    BEGIN
      DECLARE
        pgexpand_went {new_type} :=
          (SELECT {up} FROM (SELECT {up_columns}) AS {alias});
      BEGIN
        pgexpand_rows := pgexpand_rows + 1;
        BEGIN
          DECLARE
            pgexpand_back {old_type} :=
              (SELECT {down} FROM (SELECT {down_columns}) AS {alias});
          BEGIN
            IF {differs} THEN
              pgexpand_lost := pgexpand_lost + 1;
            END IF;
          END;
        EXCEPTION WHEN OTHERS THEN
          pgexpand_lost := pgexpand_lost + 1;
        END;
      END;
    EXCEPTION WHEN OTHERS THEN
      NULL;
    END;
  END LOOP;
  PERFORM set_config('pgexpand.sample', pgexpand_rows || ' ' ||
                     pgexpand_lost, true);
END)";

constexpr const char* nothing_read = "NULL AS pgexpand_nothing";

bool can_be_tried(const catalog::ExpressionAnswer& answer) {
  return !answer.finding && answer.assignable && !answer.has_aggregate &&
         !answer.has_window && !answer.has_set &&
         answer.stability != catalog::Stability::is_volatile &&
         sql::can_read(answer.deparsed.text);
}

void add(const sql::Identifier& column,
         std::vector<catalog::ScopeColumn>& stored) {
  if (std::ranges::find(stored, column, &catalog::ScopeColumn::name) ==
      stored.end()) {
    stored.push_back({.name = column, .type = "", .stored_as = column});
  }
}

/// What the expression reads, as a SELECT list; the columns that it takes from
/// the row are added to `stored`. nullopt: one is not there yet.
std::optional<std::string> inputs(const catalog::ExpressionProbe& probe,
                                  const sql::Expression& expression,
                                  const sql::Identifier* went,
                                  std::vector<catalog::ScopeColumn>& stored) {
  std::vector<std::string> list;
  for (const auto& name : sql::columns_of(expression.text)) {
    if (went != nullptr && name == *went) {
      list.push_back(sql::compose("pgexpand_went AS {}", name).text);
      continue;
    }
    const auto found =
        std::ranges::find(probe.columns, name, &catalog::ScopeColumn::name);
    if (found == probe.columns.end() || !found->stored_as) {
      return std::nullopt;
    }
    list.push_back(
        sql::compose("pgexpand_row.{} AS {}", *found->stored_as, name).text);
    add(*found->stored_as, stored);
  }
  return list.empty() ? nothing_read : fmt::format("{}", fmt::join(list, ", "));
}

catalog::RoundTripAnswer parse(const std::string& text) {
  const auto blank = text.find(' ');
  return {.rows = std::stoll(text.substr(0, blank)),
          .lost = std::stoll(text.substr(blank + 1))};
}

}  // namespace

std::optional<catalog::RoundTripAnswer> try_round_trip(
    Session& session,
    const catalog::Catalog& catalog,
    const catalog::Probes& probes,
    const catalog::Answers& answers,
    const catalog::RoundTripProbe& probe) {
  const auto& up = answers.expressions.at(probe.up);
  const auto& down = answers.expressions.at(probe.down);
  const auto type = answers.types.find(probe.type);
  PGEXPAND_ASSERT(type != answers.types.end());
  if (!can_be_tried(up) || !can_be_tried(down) || type->second.finding) {
    return std::nullopt;
  }
  std::vector<catalog::ScopeColumn> stored;
  add(probe.old_column, stored);
  const auto& asked = probes.expressions;
  const auto up_columns =
      inputs(asked.at(probe.up), up.deparsed, nullptr, stored);
  const auto down_columns =
      inputs(asked.at(probe.down), down.deparsed, &probe.column, stored);
  if (!up_columns || !down_columns) {
    return std::nullopt;
  }
  const auto body = fmt::format(
      fmt::runtime(block),
      fmt::arg("rows", rows_to_try(catalog, probe.table, stored)),
      fmt::arg("new_type", type->second.type.name.text),
      fmt::arg("old_type", probe.old_type.text),
      fmt::arg("up", up.deparsed.text), fmt::arg("up_columns", *up_columns),
      fmt::arg("down", down.deparsed.text),
      fmt::arg("down_columns", *down_columns),
      fmt::arg("differs", probe.differs.text),
      fmt::arg("alias", probe.table.name.quoted()));
  try {
    const auto found = run_block(
        session, catalog, sql::Statement::of("DO {}", sql::Literal{body}));
    return found ? std::optional(parse(*found)) : std::nullopt;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::database) {
      throw;
    }
    return std::nullopt;  // no right to read a column, say
  }
}

}  // namespace pgexpand::pg
