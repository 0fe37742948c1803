#include "pg/deparse.hpp"

#include "pgexpand/base/assert.hpp"

#include <nlohmann/json.hpp>

namespace pgexpand::pg {
namespace {

// Names no user's subquery can mean by chance.
constexpr const char* view_name = "pgexpand probe";
constexpr const char* value_name = "pgexpand value";

bool is_unknown(const std::string& type_call) {
  return type_call == "pg_typeof(NULL::unknown)" ||
         (type_call.starts_with("pg_typeof('") && type_call.ends_with("')")) ||
         (type_call.starts_with("pg_typeof(E'") && type_call.ends_with("')"));
}

/// The one-time filter empties the search_path and sets our own spelling before
/// the plan is printed, so the expression is read under the user's path and
/// settings, and written so that any reads the same of it.
/// The filter is false: no row is made, nothing is evaluated.
Result explain(Session& session,
               const Scope& scope,
               const sql::Expression& text) {
  const auto with = scope.with_clause();
  return session.run(sql::Statement::of(
      "EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF, "
      "FORMAT JSON) {} \"pgexpand path\" AS MATERIALIZED (SELECT "
      "pg_catalog.set_config('search_path', '', true){}) "
      "SELECT (\n{}\n), pg_catalog.pg_typeof((\n{}\n)){} WHERE (SELECT "
      "pg_catalog.count(*) FROM \"pgexpand path\") OPERATOR(pg_catalog.=) 0",
      sql::Expression{with.empty() ? "WITH" : with.text + ","},
      sql::making(sql::own_spelling()), text, text, scope.from_clause()));
}

// A second, useless relation makes the server qualify every column.
sql::Statement create_view(const Scope& scope, const sql::Expression& text) {
  const std::string from =
      scope.columns.empty()
          ? std::string{}
          : sql::compose(" FROM (SELECT {}) AS {}, (SELECT 1) AS \"pgexpand\"",
                         scope.columns, scope.alias)
                .text;
  return sql::Statement::of(
      "CREATE TEMPORARY VIEW {} AS SELECT (\n{}\n) AS {}{}",
      sql::Identifier(view_name), text, sql::Identifier(value_name),
      sql::Expression{from});
}

std::string select_list_of(const std::string& view) {
  constexpr std::string_view begin = "SELECT ";
  const auto start = view.find(begin);
  const auto end = view.rfind(" AS " + sql::quote_identifier(value_name));
  PGEXPAND_ASSERT(start != std::string::npos && end != std::string::npos);
  return view.substr(start + begin.size(), end - start - begin.size());
}

}  // namespace

sql::Expression Scope::with_clause() const {
  return columns.empty()
             ? sql::Expression{}
             : sql::compose("WITH \"pgexpand row\" AS MATERIALIZED (SELECT {})",
                            columns);
}

sql::Expression Scope::from_clause() const {
  return columns.empty() ? sql::Expression{}
                         : sql::compose(" FROM \"pgexpand row\" AS {}", alias);
}

Deparsed deparse(Session& session,
                 const catalog::Catalog& catalog,
                 const Scope& scope,
                 const sql::Expression& text) {
  ProbeTransaction transaction(session, catalog);
  transaction.use_arrival_path();
  const Result plan = explain(session, scope, text);
  const auto json = nlohmann::json::parse(plan.single().value_or("[]"));
  const auto& output = json.at(0).at("Plan").at("Output");
  return {.expression = {output.at(0).get<std::string>()},
          .is_unknown_literal = is_unknown(output.at(1).get<std::string>())};
}

Deparsed deparse_subquery(Session& session,
                          const catalog::Catalog& catalog,
                          const Scope& scope,
                          const sql::Expression& text) {
  ProbeTransaction transaction(session, catalog,
                               ProbeTransaction::Access::temporary_objects);
  transaction.use_arrival_path();
  session.run(create_view(scope, text));
  const Result oid = session.run(
      sql::Statement::of("SELECT c.oid FROM pg_catalog.pg_class c "
                         "WHERE c.relname OPERATOR(pg_catalog.=) {} AND "
                         "c.relnamespace OPERATOR(pg_catalog.=) "
                         "pg_catalog.pg_my_temp_schema()",
                         sql::Literal{view_name}));
  set_local(session, "search_path", "");
  session.run(sql::make(sql::own_spelling()));
  const Result view = session.run(
      sql::Statement::of("SELECT pg_catalog.pg_get_viewdef($1::oid, false)"),
      {oid.single()});
  return {.expression = {select_list_of(view.single().value_or(""))}};
}

}  // namespace pgexpand::pg
