#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

namespace pgexpand::spec {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

MigrationSpec parse_clean(const std::string& text) {
  Diagnostics findings;
  auto spec = parse(text, "db/migrations/0007_orders.yaml", findings);
  EXPECT_THAT(places(findings), IsEmpty()) << text;
  return spec.value_or(MigrationSpec{});
}

std::string hash(const std::string& text) { return parse_clean(text).hash; }

TEST(MigrationSpecTest, EveryTopLevelFieldIsRead) {
  const MigrationSpec spec = parse_clean(
      "description: Give orders.status room\n"
      "depends_on: [0001_a, 0002_b]\n"
      "settings:\n"
      "  backfill: {batch_rows: 5000, pause: 50ms}\n"
      "operations:\n"
      "  - drop_table:\n"
      "      table: t\n"
      "  - drop_index: {index: i}\n");
  EXPECT_EQ(spec.id, "0007_orders");
  EXPECT_EQ(spec.description, "Give orders.status room");
  EXPECT_THAT(spec.depends_on, ElementsAre("0001_a", "0002_b"));
  EXPECT_EQ(spec.settings.at("backfill.pause").first, "50ms");
  EXPECT_EQ(spec.settings.at("backfill.pause").second.line, 4);
  ASSERT_EQ(spec.operations.size(), 2U);
  EXPECT_EQ(spec.operations[1].kind, "drop_index");
  EXPECT_EQ(spec.operations[1].where.line, 8);
  EXPECT_NE(spec.operations[1].fields->map(), nullptr);
}

TEST(MigrationSpecTest, TheTextIsKeptAsItWas) {
  const std::string text = "# note\r\n" + one_operation;
  EXPECT_EQ(parse_clean(text).text, text);
}

TEST(MigrationSpecTest, OperationsAreNeeded) {
  EXPECT_THAT(places_in("description: x\n"),
              ElementsAre("1:1 spec.missing-field"));
  EXPECT_THAT(places_in("operations: []\n"),
              ElementsAre("1:13 spec.empty-list"));
  EXPECT_THAT(places_in("operations:\n"), ElementsAre("1:1 spec.wrong-type"));
  EXPECT_THAT(places_in(""), ElementsAre("1:1 spec.wrong-type"));
  EXPECT_THAT(places_in("- a\n"), ElementsAre("1:1 spec.wrong-type"));
}

TEST(MigrationSpecTest, AnUnknownTopLevelKeyIsAFinding) {
  Diagnostics findings;
  static_cast<void>(
      parse("dependson: [a]\n" + one_operation, "a.yaml", findings));
  EXPECT_THAT(places(findings), ElementsAre("1:1 spec.unknown-field"));
  EXPECT_EQ(findings.all()[0].hint, "did you mean \"depends_on\"?");
}

TEST(MigrationSpecTest, AnOperationHasExactlyOneKind) {
  EXPECT_THAT(places_in("operations:\n"
                        "  - drop_table:\n"
                        "    table: t\n"
                        "  - drop_table\n"
                        "  - {}\n"
                        "  - drop_table: t\n"
                        "  - drop_table:\n"),
              ElementsAre("3:5 spec.bad-operation", "4:5 spec.bad-operation",
                          "5:5 spec.bad-operation", "6:17 spec.wrong-type",
                          "7:5 spec.wrong-type"));
}

TEST(MigrationSpecTest, OneBadOperationDoesNotHideTheOthers) {
  Diagnostics findings;
  const auto spec = parse(one_operation + "  - x\n  - drop_index: {index: i}\n",
                          "a.yaml", findings);
  ASSERT_TRUE(spec.has_value());
  EXPECT_EQ(spec->operations.size(), 2U);
}

TEST(MigrationSpecTest, ADependencyIsNamedOnce) {
  EXPECT_THAT(places_in("depends_on: [x, y, x]\n" + one_operation),
              ElementsAre("1:20 spec.duplicate-dependency"));
}

TEST(MigrationSpecTest, SettingsAreCheckedWithTheirPlace) {
  EXPECT_THAT(
      places_in("settings:\n"
                "  backfill:\n"
                "    pause: 50\n"
                "    pauze: 5s\n"
                "    workers: [1]\n"
                "  lock: 5s\n"
                "  dir: elsewhere\n"
                "  runner: {wait: 5s}\n"
                "  lock.timeout: 5s\n" +
                one_operation),
      ElementsAre("3:12 spec.bad-setting", "4:5 spec.unknown-setting",
                  "5:14 spec.wrong-type", "6:9 spec.wrong-type",
                  "7:3 spec.unknown-setting", "8:12 spec.unknown-setting",
                  "9:3 spec.unknown-setting"));
}

TEST(MigrationSpecTest, TheIdMustFitItsRules) {
  const auto code_of = [](const std::string& file) {
    Diagnostics findings;
    static_cast<void>(parse(one_operation, file, findings));
    return places(findings);
  };
  EXPECT_THAT(code_of("2026_a.yaml"), IsEmpty());
  EXPECT_THAT(code_of(std::string(40, 'a') + ".yaml"), IsEmpty());
  for (const auto& file :
       {std::string(41, 'a') + ".yaml", std::string("_a.yaml"),
        std::string("A.yaml"), std::string("a-b.yaml"), std::string(".yaml")}) {
    EXPECT_THAT(code_of(file), ElementsAre("0:0 spec.bad-id")) << file;
  }
}

TEST(ModelHashTest, CommentsQuotesAndLineEndingsDoNotCount) {
  const std::string plain = hash("operations:\n- sql: {expand: select 1}\n");
  EXPECT_EQ(plain.size(), 32U);
  EXPECT_EQ(plain, hash("# why\r\noperations:\r\n  - sql:\r\n"
                        "      expand: 'select 1' # one\r\n"));
}

TEST(ModelHashTest, DescriptionAndSettingsDoNotCount) {
  EXPECT_EQ(hash(one_operation),
            hash("description: x\nsettings: {lock: {timeout: 5s}}\n" +
                 one_operation));
}

TEST(ModelHashTest, TheOrderOfKeysDoesNotCount) {
  EXPECT_EQ(hash("operations: [{x: {a: 1, b: 2}}]"),
            hash("operations: [{x: {b: 2, a: 1}}]"));
}

TEST(ModelHashTest, WhatChangesTheMeaningCounts) {
  const std::string base = hash("operations: [{x: {a: [1, 2]}}]");
  for (const auto* other :
       {"operations: [{x: {a: [2, 1]}}]", "operations: [{x: {a: [12]}}]",
        "operations: [{x: {a: ['1, 2']}}]", "operations: [{x: {b: [1, 2]}}]",
        "operations: [{y: {a: [1, 2]}}]",
        "operations: [{x: {a: [1, 2]}}, {x: {b: c}}]",
        "{operations: [{x: {a: [1, 2]}}], "
        "depends_on: [d]}"}) {
    EXPECT_NE(hash(other), base) << other;
  }
}

TEST(ModelHashTest, NullIsNotTheWordNull) {
  EXPECT_NE(hash("operations: [{x: {a: null}}]"),
            hash("operations: [{x: {a: 'null'}}]"));
}

// Stored in databases: a new release must compute what the old one did.
TEST(ModelHashTest, StaysTheSameForEver) {
  EXPECT_EQ(hash(one_operation), "ade724fde32a51733a74c8ab15630e82");
}

}  // namespace
}  // namespace pgexpand::spec
