#include "pg/stability.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::pg {
namespace {

using catalog::Stability;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ScanPlan, FindsFunctionsOfEveryKindOfNode) {
  const auto facts = scan_plan(
      "{PLANNEDSTMT :planTree {RESULT :targetlist ({TARGETENTRY :expr {OPEXPR "
      ":opno 654 :opfuncid 1258 :opretset false :args ({FUNCEXPR :funcid 16385 "
      ":funcretset false :args <>} {AGGREF :aggfnoid 2108 :args <>})}})}}");
  EXPECT_THAT(facts.functions, ElementsAre(1258U, 2108U, 16385U));
  EXPECT_TRUE(facts.has_aggregate);
  EXPECT_FALSE(facts.has_set || facts.has_window || facts.reads_relation);
}

TEST(ScanPlan, FindsWhatIsNoFunctionCall) {
  const auto facts = scan_plan(
      "{A :x {COERCEVIAIO :arg {VAR :varno 1} :resulttype 25} "
      "{SQLVALUEFUNCTION :op 3 :type 1184} {NEXTVALUEEXPR :seqid 7} "
      "{WINDOWFUNC :winfnoid 3100} {FUNCEXPR :funcid 5 :funcretset true} "
      ":rtable ({RANGETBLENTRY :rtekind 0 :relid 9})}");
  EXPECT_THAT(facts.sql_values, ElementsAre(3));
  EXPECT_TRUE(facts.has_next_value && facts.has_window && facts.has_set);
  EXPECT_TRUE(facts.reads_relation);
}

TEST(ScanPlan, ATypeReadThroughTextIsFoundBehindItsArgument) {
  const auto facts = scan_plan(
      "{COERCEVIAIO :arg {VAR :varno 1} :resulttype 1082 :location 3}");
  EXPECT_THAT(facts.types_read_from_text, ElementsAre(1082U));
}

TEST(ScanPlan, ANameCannotPoseAsAField) {
  const auto facts = scan_plan(
      "{ALIAS :aliasname \\{AGGREF\\ :funcid\\ 99 :colnames (\":funcid\\ "
      "98\")}");
  EXPECT_THAT(facts.functions, IsEmpty());
  EXPECT_FALSE(facts.has_aggregate);
}

Stability judged(const FunctionFacts& function) {
  return judge({}, {function}).stability;
}

TEST(Judge, BuiltinStableFunctionsDependOnTheirReason) {
  EXPECT_EQ(judged({"now", "", true, 's'}), Stability::session);
  EXPECT_EQ(judged({"regclassin", "", true, 's'}), Stability::session);
  EXPECT_EQ(judged({"has_table_privilege", "", true, 's'}), Stability::session);
  EXPECT_EQ(judged({"query_to_xml", "", true, 's'}), Stability::session);
  EXPECT_EQ(judged({"date_in", "", true, 's'}), Stability::immutable);
  EXPECT_EQ(judged({"to_char", "", true, 's'}), Stability::immutable);
  EXPECT_EQ(judged({"to_tsvector", "", true, 'i'}), Stability::immutable);
}

TEST(Judge, AUsersFunctionIsTakenAtItsWord) {
  EXPECT_EQ(judged({"now", "my.now", false, 's'}), Stability::reads_tables);
  EXPECT_EQ(judged({"f", "my.f", false, 'i'}), Stability::immutable);
  EXPECT_EQ(judged({"f", "my.f", false, 'v'}), Stability::is_volatile);
}

TEST(Judge, TheWorstIsNamed) {
  const auto verdict = judge(
      {.sql_values = {0}},
      {{"f", "my.f", false, 's'}, {"random", "pg_catalog.random", true, 'v'}});
  EXPECT_EQ(verdict.stability, Stability::is_volatile);
  EXPECT_EQ(verdict.because, "random");
  EXPECT_EQ(judge({.sql_values = {0}}, {}).because, "current_date");
}

TEST(StringConstants, AllFormsAreRead) {
  EXPECT_THAT(string_constants(R"('a''b' || E'c\'d' || "q'x" || $t$e'f$t$)"),
              ElementsAre("a''b", R"(c\'d)", "e'f"));
  EXPECT_THAT(string_constants("like'x' || type'y'"), ElementsAre("x", "y"));
  EXPECT_THAT(string_constants("'open"), ElementsAre("open"));
}

TEST(FreezesTime, OnlyWhenTheWordIsNoLongerText) {
  EXPECT_TRUE(freezes_time("'now'::date", "'2026-01-01'::date"));
  EXPECT_TRUE(freezes_time("' TODAY 12:00'::timestamp", "'2026'::timestamp"));
  EXPECT_FALSE(freezes_time("s = 'today'", "(t.s = 'today'::text)"));
  EXPECT_FALSE(freezes_time("s = 'nowhere'", "''::text"));
}

}  // namespace
}  // namespace pgexpand::pg
