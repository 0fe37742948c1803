// What counts as the column `status` of public.orders in somebody's text.
#include "pgexpand/catalog/code.hpp"

#include <gtest/gtest.h>

namespace pgexpand::catalog {
namespace {

Code code(const std::string& body) {
  return {.body = body,
          .table = {sql::Identifier("public"), sql::Identifier("orders")},
          .family = {sql::Identifier("orders_2024")}};
}

Mention of_trigger(const std::string& body,
                   const std::string& column = "status") {
  Code function = code(body);
  function.has_rows = true;
  return mention(function, sql::Identifier(column));
}

Mention of_function(const std::string& body) {
  return mention(code(body), sql::Identifier("status"));
}

TEST(CodeOfATrigger, NamesAColumnOfTheRow) {
  EXPECT_EQ(of_trigger("BEGIN NEW.status := 'x'; END"), Mention::by_name);
  EXPECT_EQ(of_trigger("IF OLD.a IS DISTINCT FROM new . STATUS THEN"),
            Mention::by_name);
  EXPECT_EQ(of_trigger("RETURN (NEW).status"), Mention::by_name);
  EXPECT_EQ(of_trigger("NEW.\"status\" = 1"), Mention::by_name);
  EXPECT_EQ(of_trigger("r := NEW; r.status := 1"), Mention::by_name);
}

TEST(CodeOfATrigger, FoldsNamesAsTheServerDoes) {
  EXPECT_EQ(of_trigger("NEW.Status := 1", "Status"), Mention::none);
  EXPECT_EQ(of_trigger("NEW.\"Status\" := 1", "Status"), Mention::by_name);
  EXPECT_EQ(of_trigger("NEW.\"Status\" := 1"), Mention::none);
  EXPECT_EQ(of_trigger("NEW.status_v2 := 1"), Mention::none);
}

TEST(CodeOfATrigger, DoesNotNameItInAComment) {
  EXPECT_EQ(of_trigger("-- NEW.status\n/* NEW.status */ RETURN NEW;"),
            Mention::none);
}

TEST(CodeOfATrigger, MayTakeTheWholeRow) {
  EXPECT_EQ(of_trigger("INSERT INTO log SELECT NEW.*; x := to_jsonb(NEW);"),
            Mention::none);
}

TEST(CodeOfATrigger, MayNameAnothersColumn) {
  EXPECT_EQ(of_trigger("UPDATE customers SET status = 1 WHERE id = NEW.c"),
            Mention::none);
  EXPECT_EQ(of_trigger("INSERT INTO log (a, status) VALUES (1, NEW.a)"),
            Mention::none);
  EXPECT_EQ(of_trigger("SELECT c.status FROM public.customers AS c"),
            Mention::none);
  EXPECT_EQ(of_trigger("SELECT x FROM log l, customers c WHERE c.status = 1"),
            Mention::none);
}

TEST(CodeOfATrigger, MayHaveAVariableOfThatName) {
  EXPECT_EQ(of_trigger("status := 1; PERFORM f(status => 1);"), Mention::none);
}

TEST(CodeOfATrigger, MayMeanTheColumnInAString) {
  EXPECT_EQ(of_trigger("x := to_jsonb(NEW) ->> 'status'"), Mention::in_string);
  EXPECT_EQ(of_trigger("EXECUTE 'SELECT $1.status' USING NEW"),
            Mention::in_string);
  EXPECT_EQ(of_trigger("EXECUTE $q$ SELECT $1.status $q$ USING NEW"),
            Mention::in_string);
  EXPECT_EQ(of_trigger("RAISE 'the status is wrong'"), Mention::none);
}

TEST(CodeOfAFunction, NamesTheTableToo) {
  EXPECT_EQ(of_function("SELECT status FROM orders"), Mention::by_name);
  EXPECT_EQ(of_function("SELECT o.status FROM ONLY public.orders AS o"),
            Mention::by_name);
  EXPECT_EQ(of_function("UPDATE orders_2024 SET status = 1"), Mention::by_name);
  EXPECT_EQ(of_function("DECLARE s orders.status%TYPE;"), Mention::by_name);
  EXPECT_EQ(of_function("FOR r IN SELECT * FROM orders LOOP"
                        " PERFORM f(r.status); END LOOP"),
            Mention::by_name);
  EXPECT_EQ(of_function("SELECT extract(year FROM status) FROM orders"),
            Mention::by_name);
}

TEST(CodeOfAFunction, OfAnotherTableIsNone) {
  EXPECT_EQ(of_function("SELECT status FROM customers"), Mention::none);
  EXPECT_EQ(of_function("SELECT status FROM audit.orders"), Mention::none);
  EXPECT_EQ(of_function("DELETE FROM orders; SELECT status FROM customers"),
            Mention::none);
  EXPECT_EQ(of_function("SELECT c.status FROM customers c JOIN orders o"
                        " ON o.id = c.id"),
            Mention::none);
  EXPECT_EQ(of_function("SELECT a AS status FROM orders"), Mention::none);
  EXPECT_EQ(of_function("SELECT status(a) FROM orders"), Mention::none);
  EXPECT_EQ(of_function("SELECT o.id FROM orders o, status"), Mention::none);
}

TEST(CodeOfAFunction, MayMakeItsTextAtRunTime) {
  EXPECT_EQ(of_function("EXECUTE 'UPDATE orders SET status = 1'"),
            Mention::in_string);
  EXPECT_EQ(of_function("EXECUTE 'UPDATE customers SET status = 1'"),
            Mention::none);
}

TEST(CodeInAnotherLanguage, HasTheWord) {
  Code python = code(R"(TD["new"]["status"] = 1)");
  python.form = Code::Form::other;
  EXPECT_EQ(mention(python, sql::Identifier("status")), Mention::none);
  EXPECT_EQ(mention(python, sql::Identifier("stat")), Mention::none);
  python.has_rows = true;
  EXPECT_EQ(mention(python, sql::Identifier("status")), Mention::by_name);
  EXPECT_EQ(mention(python, sql::Identifier("stat")), Mention::none);
}

TEST(TheArgumentsOfATrigger, NameAColumnEach) {
  Code arguments = code("f('status', 'pg_catalog.english')");
  arguments.form = Code::Form::arguments;
  EXPECT_EQ(mention(arguments, sql::Identifier("status")), Mention::by_name);
  EXPECT_EQ(mention(arguments, sql::Identifier("english")), Mention::none);
}

}  // namespace
}  // namespace pgexpand::catalog
