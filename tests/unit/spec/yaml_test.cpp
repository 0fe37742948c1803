#include "unit/spec/findings.hpp"

#include <gmock/gmock.h>

namespace pgexpand::spec {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::shared_ptr<const Node> parse_clean(const std::string& text) {
  Diagnostics findings;
  auto node = parse_yaml(text, "a.yaml", findings);
  EXPECT_THAT(places(findings), IsEmpty());
  return node;
}

std::string scalar_after(const std::string& text) {
  const auto node = parse_clean("key: " + text);
  return node->map()->front().value->scalar()->text;
}

TEST(YamlTest, ScalarsNeverChangeTheirMeaning) {
  for (const auto* text :
       {"no", "010", "1e3", "0x1F", "true", "12:30", "off"}) {
    EXPECT_EQ(scalar_after(text), text);
  }
}

TEST(YamlTest, QuotedAndBlockTextIsNotPlain) {
  const auto node = parse_clean("a: 'x'\nb: \"x\"\nc: |\n  x\nd: x\n");
  const Node::Map& map = *node->map();
  EXPECT_FALSE(map[0].value->scalar()->is_plain);
  EXPECT_FALSE(map[1].value->scalar()->is_plain);
  EXPECT_FALSE(map[2].value->scalar()->is_plain);
  EXPECT_TRUE(map[3].value->scalar()->is_plain);
}

TEST(YamlTest, AnEscapedCharacterIsWhatYamlSays) {
  EXPECT_EQ(scalar_after("\"a\\_b\\Nc\""), "a\u00A0b\u0085c");
  EXPECT_EQ(scalar_after("\"\\xA0\\u00e9\\L\""), "\u00A0\u00E9\u2028");
  EXPECT_EQ(scalar_after("\"ä\\_ö\""), "ä\u00A0ö");
  EXPECT_EQ(parse_clean("\"a\\_b\": c\n")->map()->front().key, "a\u00A0b");
}

TEST(YamlTest, OnlyPlainNullIsNull) {
  const auto node = parse_clean("a: null\nb: ~\nc:\nd: 'null'\n");
  const Node::Map& map = *node->map();
  EXPECT_TRUE(map[0].value->is_null());
  EXPECT_TRUE(map[1].value->is_null());
  EXPECT_TRUE(map[2].value->is_null());
  EXPECT_EQ(map[3].value->scalar()->text, "null");
}

TEST(YamlTest, PlacesCountCharactersNotBytes) {
  const auto node = parse_clean("größe: {ä: ü, k: v}\n");
  const Node& inner = *node->map()->front().value;
  EXPECT_EQ(inner.where.column, 8);
  EXPECT_EQ((*inner.map())[1].where.column, 15);
  EXPECT_EQ((*inner.map())[1].where.line_text, "größe: {ä: ü, k: v}");
}

TEST(YamlTest, ABlockMappingStandsAtItsKey) {
  const auto node = parse_clean("check:\n  name: x\n");
  EXPECT_EQ(node->map()->front().value->where.line, 1);
}

TEST(YamlTest, AnEmptyTextIsNull) {
  EXPECT_TRUE(parse_clean("")->is_null());
  EXPECT_TRUE(parse_clean("# nothing yet\n")->is_null());
}

TEST(YamlTest, AByteOrderMarkAndCrLfAreTaken) {
  const auto node = parse_clean("\xEF\xBB\xBFkey: |\r\n  one\r\n  two\r\n");
  EXPECT_EQ(node->map()->front().key, "key");
  EXPECT_EQ(node->map()->front().value->scalar()->text, "one\ntwo\n");
}

TEST(YamlTest, AFullStopThatEndsTheDocumentIsFine) {
  EXPECT_NE(parse_clean("---\na: b\n...\n"), nullptr);
}

struct Refusal {
  std::string text;
  std::string place;

  friend void PrintTo(const Refusal& refusal, std::ostream* out) {
    *out << testing::PrintToString(refusal.text);
  }
};

class YamlRefusalTest : public testing::TestWithParam<Refusal> {};

TEST_P(YamlRefusalTest, IsFoundAtItsPlace) {
  Diagnostics findings;
  static_cast<void>(parse_yaml(GetParam().text, "a.yaml", findings));
  EXPECT_THAT(places(findings), ElementsAre(GetParam().place))
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    EveryKind,
    YamlRefusalTest,
    testing::Values(Refusal{"a: 1\nb: 2\na: 3\n", "3:1 spec.duplicate-key"},
                    Refusal{"a: {b: 1, b: 2}", "1:11 spec.duplicate-key"},
                    Refusal{"a: 1\n'a': 3\n", "2:1 spec.duplicate-key"},
                    Refusal{"a: &x b\n", "1:4 spec.anchor"},
                    Refusal{"a: *x\n", "1:4 spec.alias"},
                    Refusal{"<<: {a: b}\n", "1:1 spec.merge-key"},
                    Refusal{"a: !!str b\n", "1:4 spec.tag"},
                    Refusal{"a: !x [b]\n", "1:4 spec.tag"},
                    Refusal{"a: !x {b: c}\n", "1:4 spec.tag"},
                    Refusal{"a: ! b\n", "1:4 spec.tag"},
                    Refusal{"a: b\n---\nc: d\n", "2:1 spec.second-document"},
                    Refusal{"a: b\n---\n", "2:1 spec.second-document"},
                    Refusal{"? [a]\n: b\n", "1:3 spec.complex-key"},
                    Refusal{": b\n", "1:1 spec.complex-key"},
                    Refusal{"[a] , b", "1:5 spec.yaml-syntax"},
                    Refusal{", x", "1:1 spec.yaml-syntax"},
                    Refusal{"a: b: c\n", "1:5 spec.yaml-syntax"},
                    Refusal{"a: 'x\nb: c\n", "1:4 spec.yaml-syntax"},
                    Refusal{"a: \"x", "1:4 spec.yaml-syntax"},
                    Refusal{"a: \"\\q\"", "1:7 spec.yaml-syntax"},
                    Refusal{"a: {b: c\n", "1:8 spec.yaml-syntax"},
                    Refusal{"a: \"\\0\"\n", "1:4 spec.nul"},
                    Refusal{std::string("a: b\nc\0d: e\n", 12), "2:2 spec.nul"},
                    Refusal{"a: \xFF\n", "1:4 spec.invalid-utf8"},
                    Refusal{"ä: \xC0\x80\n", "1:4 spec.invalid-utf8"},
                    Refusal{"a: \xED\xA0\x80\n", "1:4 spec.invalid-utf8"},
                    Refusal{"a: \xE2\x82", "1:4 spec.invalid-utf8"},
                    Refusal{"a: \x1B[31m\n", "1:4 spec.control-character"},
                    Refusal{"a: b\rc: d\n", "1:5 spec.control-character"}));

TEST(YamlTest, AFileOverOneMebibyteIsNotRead) {
  Diagnostics findings;
  const std::string text((1 << 20) + 1, '#');
  EXPECT_EQ(parse_yaml(text, "a.yaml", findings), nullptr);
  EXPECT_THAT(places(findings), ElementsAre("0:0 spec.too-large"));
}

TEST(YamlTest, ThirtyTwoLevelsAreAllowedAndNoMore) {
  parse_clean(std::string(32, '[') + std::string(32, ']'));
  Diagnostics findings;
  const std::string text = std::string(33, '[') + std::string(33, ']');
  EXPECT_EQ(parse_yaml(text, "a.yaml", findings), nullptr);
  EXPECT_THAT(places(findings), ElementsAre("1:33 spec.too-deep"));
}

TEST(YamlTest, AllFindingsOfAFileAreReportedAtOnce) {
  Diagnostics findings;
  static_cast<void>(parse_yaml("a: &x 1\nb: !y 2\na: 3\n", "f", findings));
  EXPECT_THAT(places(findings), ElementsAre("1:4 spec.anchor", "2:4 spec.tag",
                                            "3:1 spec.duplicate-key"));
}

TEST(YamlTest, EarlierFindingsDoNotChangeTheAnswer) {
  Diagnostics findings;
  findings.error({}, "spec.other", "of another file");
  EXPECT_NE(parse_yaml("", "a.yaml", findings), nullptr);
}

TEST(YamlTest, AVeryLongLineIsNotRepeatedInItsFindings) {
  Diagnostics findings;
  const std::string padding(2000, 'x');
  static_cast<void>(parse_yaml("{a: " + padding + ", a: 1}", "f", findings));
  ASSERT_EQ(findings.all().size(), 1U);
  EXPECT_EQ(findings.all()[0].where.column, 2007);
  EXPECT_EQ(findings.all()[0].where.line_text, "");
}

TEST(YamlTest, AMessageShowsNoControlCharacterOfAKey) {
  Diagnostics findings;
  const std::string key = "\"\\e[31m\": 1\n";
  static_cast<void>(parse_yaml(key + key, "f", findings));
  ASSERT_EQ(findings.all().size(), 1U);
  EXPECT_THAT(findings.all()[0].message, HasSubstr("\"?[31m\""));
}

}  // namespace
}  // namespace pgexpand::spec
