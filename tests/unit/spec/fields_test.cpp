#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

namespace pgexpand::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

class FieldsTest : public testing::Test {
 protected:
  Fields read(const std::string& text) {
    return Fields(parse_yaml(text, "a.yaml", findings_), "add_column");
  }
  [[nodiscard]] std::string only_message() const {
    EXPECT_EQ(findings_.all().size(), 1U);
    return findings_.all().empty() ? "" : findings_.all()[0].message;
  }
  [[nodiscard]] std::string only_hint() const {
    return findings_.all().empty() ? "" : findings_.all()[0].hint;
  }

  Diagnostics findings_;
};

TEST_F(FieldsTest, ARequiredTextIsReadAsItStands) {
  Fields fields = read("type: 010\n");
  EXPECT_EQ(fields.required("type", findings_), "010");
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FieldsTest, AMissingFieldIsNamed) {
  Fields fields = read("\ntable: t\n");
  EXPECT_EQ(fields.required("column", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("2:1 spec.missing-field"));
  EXPECT_EQ(only_message(), "add_column needs the field \"column\"");
}

TEST_F(FieldsTest, AnAbsentOptionalFieldIsNoFinding) {
  Fields fields = read("table: t\n");
  EXPECT_EQ(fields.optional("up", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FieldsTest, APlainNullAsksForQuotes) {
  Fields fields = read("up: null\n");
  EXPECT_EQ(fields.optional("up", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("1:5 spec.null-value"));
  EXPECT_THAT(only_hint(), HasSubstr("'null' in quotes"));
}

TEST_F(FieldsTest, AMissingValueIsFoundAtItsKey) {
  Fields fields = read("up:\ndown: x\n");
  EXPECT_EQ(fields.optional("up", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("1:1 spec.null-value"));
}

TEST_F(FieldsTest, AListIsNoText) {
  Fields fields = read("table: [a]\n");
  EXPECT_EQ(fields.required("table", findings_), std::nullopt);
  EXPECT_EQ(only_message(), "\"table\" of add_column must be text, not a list");
  EXPECT_THAT(places(findings_), ElementsAre("1:8 spec.wrong-type"));
}

TEST_F(FieldsTest, OnlyPlainTrueAndFalseAreBooleans) {
  Fields fields = read("a: true\nb: false\nc: yes\nd: 'true'\ne: True\nf:\n");
  EXPECT_EQ(fields.optional_bool("a", findings_), true);
  EXPECT_EQ(fields.optional_bool("b", findings_), false);
  EXPECT_THAT(places(findings_), IsEmpty());
  for (const auto* key : {"c", "d", "e", "f"}) {
    EXPECT_EQ(fields.optional_bool(key, findings_), std::nullopt);
  }
  EXPECT_THAT(places(findings_),
              ElementsAre("3:4 spec.wrong-type", "4:4 spec.wrong-type",
                          "5:4 spec.wrong-type", "6:1 spec.wrong-type"));
}

TEST_F(FieldsTest, AChoiceOutsideTheListGetsTheNearestOne) {
  Fields fields = read("identity: alway\n");
  EXPECT_EQ(
      fields.optional_choice("identity", {"always", "by_default"}, findings_),
      std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("1:11 spec.unknown-choice"));
  EXPECT_EQ(only_hint(), "did you mean \"always\"?");
}

TEST_F(FieldsTest, AListOfTextIsReadInOrder) {
  Fields fields = read("columns: [b, 01, no]\n");
  EXPECT_THAT(*fields.optional_list("columns", findings_),
              ElementsAre("b", "01", "no"));
}

TEST_F(FieldsTest, ListsThatAreNoneAreFindings) {
  Fields fields = read("a: x\nb: []\nc: [x, null, [y]]\n");
  EXPECT_EQ(fields.optional_list("a", findings_), std::nullopt);
  EXPECT_EQ(fields.optional_list("b", findings_), std::nullopt);
  EXPECT_EQ(fields.optional_list("c", findings_), std::nullopt);
  EXPECT_THAT(places(findings_),
              ElementsAre("1:4 spec.wrong-type", "2:4 spec.empty-list",
                          "3:8 spec.null-value", "3:14 spec.wrong-type"));
}

TEST_F(FieldsTest, AnEmptyMemberIsFoundAtItsDash) {
  Fields fields = read("columns:\n  - a\n  -\n  - b\n");
  EXPECT_EQ(fields.optional_list("columns", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("3:3 spec.null-value"));
}

TEST_F(FieldsTest, NestedFieldsNameTheirOwner) {
  Fields fields = read("check:\n  nam: x\n");
  auto check = fields.optional_fields("check", findings_);
  ASSERT_TRUE(check.has_value());
  EXPECT_EQ(check->required("name", findings_), std::nullopt);
  EXPECT_EQ(only_message(), "\"check\" of add_column needs the field \"name\"");
  EXPECT_THAT(places(findings_), ElementsAre("1:1 spec.missing-field"));
}

TEST_F(FieldsTest, AStringMapKeepsTheFilesOrder) {
  Fields fields = read("with: {fillfactor: 70, autovacuum_enabled: false}\n");
  EXPECT_THAT(*fields.optional_string_map("with", findings_),
              ElementsAre(Pair("fillfactor", "70"),
                          Pair("autovacuum_enabled", "false")));
}

TEST_F(FieldsTest, AnEmptyStringMapIsAFinding) {
  Fields fields = read("with: {}\n");
  EXPECT_EQ(fields.optional_string_map("with", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("1:7 spec.empty-mapping"));
}

TEST_F(FieldsTest, ANullableTellsNullFromAbsent) {
  Fields fields = read("a: null\nb: x\n");
  using Text = std::optional<std::string>;
  EXPECT_EQ(fields.optional_nullable("a", findings_),
            std::optional<Text>(Text()));
  EXPECT_EQ(fields.optional_nullable("b", findings_), std::optional<Text>("x"));
  EXPECT_EQ(fields.optional_nullable("c", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FieldsTest, AnUnknownFieldGetsTheNearestKnownOne) {
  Fields fields = read("table: t\ncolunm: c\nwhatever: x\n");
  static_cast<void>(fields.optional("table", findings_));
  fields.ignore("column");
  fields.reject_unknown(findings_);
  EXPECT_THAT(places(findings_),
              ElementsAre("2:1 spec.unknown-field", "3:1 spec.unknown-field"));
  EXPECT_EQ(findings_.all()[0].hint, "did you mean \"column\"?");
  EXPECT_EQ(findings_.all()[1].hint, "write one of: table, column");
}

TEST_F(FieldsTest, AnAliasIsReportedOnlyOnce) {
  Diagnostics findings;
  const auto node = parse_yaml("a: &x 1\nb: *x\n", "a.yaml", findings);
  Fields fields(node, "add_column");
  EXPECT_EQ(fields.required("b", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), IsEmpty());
}

TEST_F(FieldsTest, TablesAndColumnsAreReadWithTheirPlace) {
  Fields fields = read("table: shop.orders\ncolumn: ''\n");
  const auto table = fields.required_table("table", findings_);
  ASSERT_TRUE(table.has_value());
  EXPECT_EQ(table->display(), "shop.orders");
  EXPECT_EQ(fields.required_identifier("column", findings_), std::nullopt);
  EXPECT_THAT(places(findings_), ElementsAre("2:9 spec.bad-identifier"));
}

}  // namespace
}  // namespace pgexpand::spec
