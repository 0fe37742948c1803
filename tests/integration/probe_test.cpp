#include "pgexpand/pg/catalog_reader.hpp"
#include "support/test_database.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::testing {
namespace {

using catalog::ExpressionAnswer;
using catalog::ExpressionProbe;
using catalog::Stability;
using ::testing::HasSubstr;
using ::testing::Not;

catalog::ScopeColumn stored(const std::string& name, const std::string& type) {
  return {.name = sql::Identifier(name),
          .type = type,
          .is_user_type = false,
          .stored_as = sql::Identifier(name)};
}

class Probing : public ::testing::Test {
 protected:
  Probing() {
    database_.exec(
        "CREATE SCHEMA tools;"
        "CREATE DOMAIN tools.positive AS int CHECK (VALUE > 0);"
        "CREATE TYPE tools.color AS ENUM ('red', 'green');"
        "CREATE FUNCTION tools.twice(int) RETURNS int LANGUAGE plpgsql "
        "IMMUTABLE AS 'BEGIN RETURN 2 * $1; END';"
        "CREATE FUNCTION tools.look(int) RETURNS int LANGUAGE plpgsql STABLE "
        "AS 'BEGIN RETURN $1; END';"
        "CREATE FUNCTION tools.inlined(int) RETURNS int LANGUAGE sql VOLATILE "
        "AS 'SELECT $1 + 1';"
        "CREATE COLLATION tools.\"My\" FROM \"C\";"
        "CREATE TABLE orders (id int, status text, paid numeric(10,2), "
        "at timestamptz);"
        "INSERT INTO orders SELECT n, CASE WHEN n <= 10 THEN 'x' ELSE n::text "
        "END, n, now() FROM generate_series(1, 40) AS n");
    database_.exec("ALTER DATABASE " + database_.name() +
                   " SET search_path = public, tools");
    auto connection = database_.connect();
    catalog_ = pg::read_catalog(
        *connection.session, connection.arrival,
        {.tables = {{sql::Identifier(), sql::Identifier("orders")}}});
    session_ = std::move(connection.session);
  }

  static ExpressionProbe probe(const std::string& text) {
    return {.text = text,
            .table = sql::TableName{sql::Identifier("public"),
                                    sql::Identifier("orders")},
            .columns = {stored("id", "integer"), stored("status", "text"),
                        stored("paid", "numeric(10,2)"),
                        stored("at", "timestamp with time zone")},
            .where = {.file = "m.yaml", .line = 3, .column = 9}};
  }

  ExpressionAnswer ask(const ExpressionProbe& question) {
    return pg::ask(*session_, catalog_,
                   {.types = {}, .expressions = {{"k", question}}})
        .expressions.at("k");
  }
  ExpressionAnswer ask(const std::string& text) { return ask(probe(text)); }
  ExpressionAnswer ask_for(const std::string& text, const std::string& target) {
    auto question = probe(text);
    question.target_type = target;
    question.target_is_user_type = true;
    question.sample = true;
    return ask(question);
  }
  catalog::TypeAnswer ask_type(const std::string& text,
                               std::optional<std::string> collation = {}) {
    return pg::ask(*session_, catalog_,
                   {.types = {{"k",
                               {.text = text,
                                .collation = std::move(collation),
                                .where = {}}}},
                    .expressions = {}})
        .types.at("k");
  }

  TestDatabase database_;
  std::unique_ptr<pg::Session> session_;
  catalog::Catalog catalog_;
};

TEST_F(Probing, ATypeIsSpelledInFull) {
  EXPECT_EQ(ask_type("varchar(50)").type.name.text, "character varying(50)");
  EXPECT_EQ(ask_type("varchar(50)").type.modifier, 54);
  EXPECT_EQ(ask_type("color").type.name.text, "tools.color");
  EXPECT_EQ(ask_type("numeric(10,2)[]").type.name.text, "numeric(10,2)[]");
  EXPECT_EQ(ask_type("char").type.name.text, "character(1)");
}

TEST_F(Probing, ADomainKeepsItsName) {
  const auto type = ask_type("positive").type;
  EXPECT_EQ(type.name.text, "tools.positive");
  EXPECT_TRUE(type.is_domain);
  EXPECT_TRUE(type.domain_has_constraints);
  EXPECT_EQ(type.base_oid, 23U);
  EXPECT_TRUE(type.has_bitwise_equality);
}

TEST_F(Probing, AnUnknownTypeIsAFindingWithItsPlace) {
  const auto finding = ask_type("colour").finding;
  ASSERT_TRUE(finding);
  EXPECT_EQ(finding->code, "type.unknown");
  EXPECT_EQ(finding->message, "type colour does not exist");
}

TEST_F(Probing, AWrongModifierIsAFinding) {
  ASSERT_TRUE(ask_type("varchar(0)").finding);
  EXPECT_THAT(ask_type("varchar(0)").finding->message,
              HasSubstr("must be at least 1"));
}

TEST_F(Probing, ACollationIsFoundThroughThePath) {
  EXPECT_EQ(ask_type("text", "\"My\"").collation, "tools.\"My\"");
  EXPECT_EQ(ask_type("text", "My").collation, "tools.\"My\"");
  EXPECT_TRUE(ask_type("text", "nowhere").finding);
}

TEST_F(Probing, AFunctionOfTheSearchPathIsQualified) {
  const auto answer = ask("twice(id)");
  ASSERT_FALSE(answer.finding);
  EXPECT_EQ(answer.deparsed.text, "tools.twice(orders.id)");
  EXPECT_EQ(answer.type.name.text, "integer");
  EXPECT_EQ(answer.stability, Stability::immutable);
}

TEST_F(Probing, AColumnMayBeQualifiedByItsTable) {
  EXPECT_EQ(ask("upper(orders.status)").deparsed.text, "upper(orders.status)");
}

TEST_F(Probing, AnInlinedFunctionIsAsStableAsItsBody) {
  EXPECT_EQ(ask("inlined(id)").stability, Stability::immutable);
}

TEST_F(Probing, StabilityFollowsTheWorstFunction) {
  EXPECT_EQ(ask("random() < id").stability, Stability::is_volatile);
  EXPECT_EQ(ask("random()").unstable_because, "random");
  EXPECT_EQ(ask("now()").stability, Stability::session);
  EXPECT_EQ(ask("current_date").unstable_because, "current_date");
  EXPECT_EQ(ask("look(id)").stability, Stability::reads_tables);
  EXPECT_EQ(ask("look(id)").unstable_because, "tools.look");
  EXPECT_EQ(ask("to_tsvector(status)").stability, Stability::session);
  EXPECT_EQ(ask("to_tsvector('simple', status)").stability,
            Stability::immutable);
}

TEST_F(Probing, SettingsThatWePinDoNotMakeUnstable) {
  EXPECT_EQ(ask("status::date").stability, Stability::immutable);
  EXPECT_EQ(ask("at::date").stability, Stability::immutable);
  EXPECT_EQ(ask("format('%s-%s', id, status)").stability, Stability::immutable);
  EXPECT_EQ(ask("status::tools.color").stability, Stability::immutable);
}

TEST_F(Probing, AFrozenTimeIsFoundButAPlainWordIsNot) {
  EXPECT_EQ(ask("'now'::timestamptz").stability, Stability::session);
  EXPECT_EQ(ask("coalesce(at, 'today')").stability, Stability::session);
  EXPECT_EQ(ask("status = 'today'").stability, Stability::immutable);
}

TEST_F(Probing, AggregatesAndSetsAreFlagged) {
  EXPECT_TRUE(ask("sum(id)").has_aggregate);
  EXPECT_TRUE(ask("generate_series(1, id)").has_set);
  EXPECT_TRUE(ask("count(*)").finding);
}

TEST_F(Probing, WhatTheServerRefusesIsAFinding) {
  const auto answer = ask("nonsense(id)");
  ASSERT_TRUE(answer.finding);
  EXPECT_EQ(answer.finding->code, "expression.rejected");
  EXPECT_THAT(answer.finding->message,
              HasSubstr("function nonsense(integer) does not exist"));
  EXPECT_EQ(answer.finding->where.line, 3);
}

TEST_F(Probing, ABadConstantIsQuotedInTheFinding) {
  const auto answer = ask("'abc'::int");
  ASSERT_TRUE(answer.finding);
  EXPECT_THAT(answer.finding->message, HasSubstr("\"abc\""));
}

TEST_F(Probing, TwoExpressionsAreRefusedBeforeTheServerSeesThem) {
  EXPECT_TRUE(ask("id) , (1").finding);
  EXPECT_TRUE(ask("id); DROP TABLE orders; --").finding);
}

TEST_F(Probing, ABareLiteralTakesTheTypeOfItsTarget) {
  const auto answer = ask_for("'2020-01-31'", "date");
  ASSERT_FALSE(answer.finding);
  EXPECT_EQ(answer.deparsed.text, "'2020-01-31'::date");
  EXPECT_TRUE(answer.assignable);
  EXPECT_EQ(ask_for("NULL", "color").deparsed.text, "NULL::tools.color");
}

TEST_F(Probing, ADefaultNeedsNoRow) {
  const auto answer = ask(ExpressionProbe{.text = "twice(21)",
                                          .table = std::nullopt,
                                          .columns = {},
                                          .target_type = "bigint",
                                          .where = {}});
  ASSERT_FALSE(answer.finding);
  EXPECT_EQ(answer.deparsed.text, "42");
  EXPECT_TRUE(answer.assignable);
  EXPECT_FALSE(answer.binary_coercible);
}

TEST_F(Probing, CastsFollowTheServersRules) {
  EXPECT_TRUE(ask_for("id", "bigint").assignable);
  EXPECT_TRUE(ask_for("id", "text").assignable);
  EXPECT_FALSE(ask_for("status", "int").assignable);
  EXPECT_TRUE(ask_for("status", "int").castable);
  EXPECT_FALSE(ask_for("id", "date").castable);
  EXPECT_TRUE(ask_for("status", "varchar").binary_coercible);
  EXPECT_FALSE(ask_for("status", "varchar(9)").binary_coercible);
  EXPECT_TRUE(ask_for("paid", "numeric(12,2)").binary_coercible);
  EXPECT_FALSE(ask_for("id", "positive").binary_coercible);
}

TEST_F(Probing, ADomainIsTheTypeOfItsExpression) {
  EXPECT_EQ(ask("id::positive").type.name.text, "tools.positive");
}

TEST_F(Probing, APredicateMustBeBoolean) {
  auto question = probe("id + 1");
  question.is_predicate = true;
  ASSERT_TRUE(ask(question).finding);
  question.text = "id > 1";
  EXPECT_FALSE(ask(question).finding);
}

TEST_F(Probing, ASampleCountsTheRowsThatFail) {
  const auto answer = ask_for("status::int", "int");
  ASSERT_FALSE(answer.finding);
  EXPECT_EQ(answer.sampled_rows, 40);
  EXPECT_EQ(answer.failed_rows, 10);
  EXPECT_EQ(answer.failed_sqlstate, "22P02");
}

TEST_F(Probing, ASampleChecksLengthsAndDomains) {
  EXPECT_EQ(ask_for("status", "varchar(1)").failed_rows, 30);
  EXPECT_EQ(ask_for("id - 5", "positive").failed_rows, 5);
  EXPECT_EQ(ask_for("id", "bigint").failed_rows, 0);
}

TEST_F(Probing, AVolatileExpressionIsNotTriedOnRows) {
  EXPECT_EQ(ask_for("id + (random() * 10)::int", "int").sampled_rows, 0);
}

TEST_F(Probing, ANewColumnIsKnownButNotSampled) {
  auto question = probe("amount + 1");
  question.columns.push_back({.name = sql::Identifier("amount"),
                              .type = "positive",
                              .is_user_type = true,
                              .stored_as = std::nullopt});
  question.sample = true;
  const auto answer = ask(question);
  ASSERT_FALSE(answer.finding);
  EXPECT_EQ(answer.type.name.text, "integer");
  EXPECT_EQ(answer.sampled_rows, 0);
}

TEST_F(Probing, ASubqueryIsWrittenOutInFull) {
  auto question = probe("(SELECT max(o.id) FROM orders o WHERE o.id < id)");
  EXPECT_EQ(ask(question).finding->code, "sql.subquery");
  question.text =
      "(SELECT max(o.id) FROM orders o WHERE o.status = "
      "orders.status)";
  question.allow_subquery = true;
  const auto answer = ask(question);
  ASSERT_FALSE(answer.finding) << answer.finding->message;
  EXPECT_THAT(answer.deparsed.text, HasSubstr("FROM public.orders o"));
  EXPECT_THAT(answer.deparsed.text, HasSubstr("orders.status"));
  EXPECT_EQ(answer.stability, Stability::reads_tables);
  EXPECT_FALSE(answer.has_aggregate);
}

TEST_F(Probing, NothingIsLeftBehind) {
  ask("twice(id)");
  ask("nonsense(id)");
  EXPECT_FALSE(session_->in_transaction());
  EXPECT_TRUE(session_->take_notices().empty());
  EXPECT_EQ(session_->run(sql::Statement::of("SHOW search_path")).single(),
            "pg_catalog, pg_temp");
}

}  // namespace
}  // namespace pgexpand::testing
