#include "pg/analysis.hpp"

#include "pg/arrays.hpp"
#include "pg/row_cursor.hpp"
#include "pg/type_facts.hpp"
#include "pg/type_probe.hpp"
#include "pgexpand/base/assert.hpp"

namespace pgexpand::pg {
namespace {

/// The row description shows a domain as its base type, but not so inside an
/// array: its element is the true type. An array stays what it is.
catalog::Type read_expression_type(Session& session,
                                   const Scope& scope,
                                   const sql::Expression& expression) {
  const Result shape = session.run(sql::Statement::of(
      "{} SELECT ({}), ARRAY[({})]{} WHERE false", scope.with_clause(),
      expression, expression, scope.from_clause()));
  const auto plain = shape.column_types.at(0);
  const auto wrapped = shape.column_types.at(1);
  const auto facts = read_type_facts(session, {wrapped});
  const auto element = facts.at(wrapped).element_oid;
  const auto oid = wrapped == plain || element == 0 ? plain : element;
  return read_type(session, oid, shape.column_modifiers.at(0));
}

PlanFacts read_plan(Session& session,
                    const Scope& scope,
                    const sql::Expression& expression) {
  session.run(
      sql::Statement::of("SELECT set_config('debug_print_plan', 'on', true), "
                         "set_config('debug_pretty_print', 'off', true), "
                         "set_config('client_min_messages', 'log', true)"));
  session.take_notices();
  session.run(sql::Statement::of("EXPLAIN {} SELECT ({}){}",
                                 scope.with_clause(), expression,
                                 scope.from_clause()));
  std::optional<PlanFacts> facts;
  for (const auto& notice : session.take_notices()) {
    if (notice.severity == "LOG" && notice.detail.starts_with("{PLANNEDSTMT")) {
      facts = scan_plan(notice.detail);
    }
  }
  // Without its plan an expression would pass as immutable.
  PGEXPAND_ASSERT(facts.has_value());
  set_local(session, "debug_print_plan", "off");
  session.take_notices();
  return *facts;
}

struct Functions {
  std::vector<FunctionFacts> facts;
  bool has_aggregate = false, has_window = false, has_set = false;
};

Functions read_functions(Session& session, const PlanFacts& plan) {
  const auto literal = [](const std::set<std::uint32_t>& oids) {
    return array_literal(std::vector(oids.begin(), oids.end()));
  };
  const Result result = session.run(
      sql::Statement::of(
          "SELECT p.proname, quote_ident(n.nspname) || '.' || "
          "quote_ident(p.proname), n.nspname = 'pg_catalog', p.provolatile, "
          "p.prokind, p.proretset "
          "FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
          "WHERE p.oid = ANY ($1::oid[]) OR p.oid IN ("
          "SELECT t.typinput FROM pg_type t WHERE t.oid = ANY ($2::oid[])) "
          "ORDER BY p.proname"),
      {literal(plan.functions), literal(plan.types_read_from_text)});
  Functions functions;
  for (const Row& row : result.rows) {
    RowCursor cursor(row);
    FunctionFacts fact;
    fact.name = cursor.text();
    fact.display = cursor.text();
    fact.is_builtin = cursor.boolean();
    fact.volatility = cursor.letter();
    const char kind = cursor.letter();
    functions.has_aggregate = functions.has_aggregate || kind == 'a';
    functions.has_window = functions.has_window || kind == 'w';
    functions.has_set = functions.has_set || cursor.boolean();
    functions.facts.push_back(std::move(fact));
  }
  return functions;
}

}  // namespace

void analyze_expression(Session& session,
                        const catalog::Catalog& catalog,
                        const Scope& scope,
                        catalog::ExpressionAnswer& answer) {
  ProbeTransaction transaction(session, catalog);
  answer.type = read_expression_type(session, scope, answer.deparsed);
  const PlanFacts plan = read_plan(session, scope, answer.deparsed);
  const Functions functions = read_functions(session, plan);
  const Verdict verdict = judge(plan, functions.facts);
  answer.stability = verdict.stability;
  answer.unstable_because = verdict.because;
  answer.settings = settings_read(plan, functions.facts);
  answer.has_aggregate = plan.has_aggregate || functions.has_aggregate;
  answer.has_window = plan.has_window || functions.has_window;
  answer.has_set = plan.has_set || functions.has_set;
}

}  // namespace pgexpand::pg
