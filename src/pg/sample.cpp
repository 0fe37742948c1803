#include "pg/sample.hpp"

#include "pg/probe_transaction.hpp"
#include "pg/row_cursor.hpp"
#include "pgexpand/sql/parser.hpp"
#include "pgexpand/sql/search_path.hpp"

#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::pg {
namespace {

constexpr std::int64_t sample_rows = 1000;
constexpr std::int64_t small_table_pages = 200;
constexpr const char* sample_timeout = "2s";

// The value is a variable's initial value: an assignment, with a length check
// and not the truncation of a CAST, and right for domains that forbid NULL.
constexpr const char* block = R"(
DECLARE
  pgexpand_row record;
  pgexpand_rows bigint := 0;
  pgexpand_failed bigint := 0;
  pgexpand_sqlstate text := '';
BEGIN
  FOR pgexpand_row IN {rows} LOOP
    pgexpand_rows := pgexpand_rows + 1;
    BEGIN
      DECLARE
        pgexpand_value {target} :=
          (SELECT {expression} FROM (SELECT {columns}) AS {alias});
      BEGIN
        NULL;
      END;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation
                OR raise_exception THEN
      pgexpand_failed := pgexpand_failed + 1;
      pgexpand_sqlstate := SQLSTATE;
    END;
  END LOOP;
  PERFORM set_config('pgexpand.sample', pgexpand_rows || ' ' ||
                     pgexpand_failed || ' ' || pgexpand_sqlstate, true);
END)";

// The columns that the expression reads; nullopt if one is not stored yet, or
// if we cannot tell.
std::optional<std::vector<catalog::ScopeColumn>> columns_read(
    const catalog::ExpressionProbe& probe, const sql::Expression& expression) {
  if (!sql::can_read(expression.text)) {
    return std::nullopt;
  }
  std::vector<catalog::ScopeColumn> read;
  for (const auto& name : sql::columns_of(expression.text)) {
    const auto found =
        std::ranges::find(probe.columns, name, &catalog::ScopeColumn::name);
    if (found == probe.columns.end() || !found->stored_as) {
      return std::nullopt;
    }
    read.push_back(*found);
  }
  return read;
}

sql::Statement statement_for(const catalog::Catalog& catalog,
                             const catalog::ExpressionProbe& probe,
                             const std::vector<catalog::ScopeColumn>& columns,
                             const sql::Expression& expression,
                             const sql::TypeName& target) {
  std::vector<std::string> copies;
  for (const auto& column : columns) {
    copies.push_back(
        sql::compose("pgexpand_row.{} AS {}", column.name, column.name).text);
  }
  return sql::Statement::of(
      "DO {}",
      sql::Literal{fmt::format(
          fmt::runtime(block),
          fmt::arg("rows", rows_to_try(catalog, *probe.table, columns)),
          fmt::arg("target", target.text),
          fmt::arg("expression", expression.text),
          fmt::arg("columns", fmt::join(copies, ", ")),
          fmt::arg("alias", probe.table->name.quoted()))});
}

SampleResult parse(const std::string& text) {
  const auto first = text.find(' ');
  const auto second = text.find(' ', first + 1);
  return {.rows = std::stoll(text.substr(0, first)),
          .failed_rows = std::stoll(text.substr(first + 1, second)),
          .sqlstate = text.substr(second + 1)};
}

bool means_not_sampled(const Error& error) {
  return error.kind() == ErrorKind::lock_timeout || error.sqlstate() == "57014";
}

}  // namespace

std::string rows_to_try(const catalog::Catalog& catalog,
                        const sql::TableName& name,
                        const std::vector<catalog::ScopeColumn>& columns) {
  const catalog::Table* table = catalog.table(name);
  std::vector<std::string> list;
  for (const auto& column : columns) {
    list.push_back(
        sql::compose("t.{} AS {}", *column.stored_as, column.name).text);
  }
  const bool is_plain = table == nullptr || table->kind == 'r';
  const auto percent =
      table == nullptr || !is_plain
          ? std::nullopt
          : sample_percent(table->pages, table->estimated_rows);
  return fmt::format(
      "SELECT {} FROM {}{} AS t{} LIMIT {}", fmt::join(list, ", "),
      is_plain ? "ONLY " : "",
      table == nullptr ? name.quoted() : table->name.quoted(),
      percent
          ? fmt::format(" TABLESAMPLE SYSTEM ({:.6f}) REPEATABLE (1)", *percent)
          : "",
      sample_rows);
}

std::optional<double> sample_percent(std::int64_t pages, std::int64_t rows) {
  if (pages <= small_table_pages) {
    return std::nullopt;
  }
  const auto rows_per_page =
      std::max(1.0, static_cast<double>(rows) / static_cast<double>(pages));
  // Twice what is needed on average: pages are drawn by chance.
  const double wanted_pages =
      std::max(20.0, 2.0 * static_cast<double>(sample_rows) / rows_per_page);
  return std::min(100.0, 100.0 * wanted_pages / static_cast<double>(pages));
}

std::optional<std::string> run_block(Session& session,
                                     const catalog::Catalog& catalog,
                                     const std::set<std::string>& settings,
                                     const sql::Statement& statement) {
  ProbeTransaction transaction(session, catalog);
  set_local(session, "statement_timeout", sample_timeout);
  auto values = sql::only_values(catalog.settings);
  if (!settings.contains("search_path")) {
    values = sql::without_path(values);
  }
  if (!values.empty()) {
    session.run(sql::make(values));
  }
  try {
    session.run(statement);
  } catch (const Error& error) {
    if (means_not_sampled(error)) {
      return std::nullopt;
    }
    throw;
  }
  return session
      .run(sql::Statement::of("SELECT current_setting('pgexpand.sample')"))
      .single();
}

std::optional<SampleResult> sample(Session& session,
                                   const catalog::Catalog& catalog,
                                   const catalog::ExpressionProbe& probe,
                                   const catalog::ExpressionAnswer& answer,
                                   const sql::TypeName& target) {
  const sql::Expression& expression = answer.deparsed;
  const auto columns = columns_read(probe, expression);
  if (!probe.table || !columns || columns->empty()) {
    return std::nullopt;
  }
  const auto found =
      run_block(session, catalog, answer.settings,
                statement_for(catalog, probe, *columns, expression, target));
  return found ? std::optional(parse(*found)) : std::nullopt;
}

}  // namespace pgexpand::pg
