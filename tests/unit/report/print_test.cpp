#include "pgexpand/report/print.hpp"

#include <gtest/gtest.h>

#include <sstream>

namespace pgexpand::report {
namespace {

Diagnostic unknown_field() {
  return {.severity = Severity::error,
          .code = "spec.unknown-field",
          .message = "unknown field \"colum\" in add_column",
          .hint = "write \"column\"",
          .where = {"migrations/1_a.yaml", 4, 7, "      colum: status_v2"}};
}

std::string printed(const Diagnostic& finding, const Style& style = {}) {
  std::ostringstream out;
  print(finding, out, style);
  return out.str();
}

TEST(Print, AFindingShowsItsLineWithACaretAndAHint) {
  EXPECT_EQ(printed(unknown_field()),
            "error[spec.unknown-field]: unknown field \"colum\" in add_column\n"
            "  --> migrations/1_a.yaml:4:7\n"
            "   |\n"
            " 4 |       colum: status_v2\n"
            "   |       ^\n"
            "  HINT:  write \"column\"\n");
}

TEST(Print, TheCaretCountsCharactersAndKeepsTabs) {
  Diagnostic finding = unknown_field();
  finding.where = {"a.yaml", 12, 4, "\té x: 1"};
  finding.hint.clear();
  EXPECT_EQ(printed(finding),
            "error[spec.unknown-field]: unknown field \"colum\" in add_column\n"
            "  --> a.yaml:12:4\n"
            "    |\n"
            " 12 | \té x: 1\n"
            "    | \t  ^\n");
}

TEST(Print, AFindingWithoutAPlaceIsOneLine) {
  EXPECT_EQ(printed({.severity = Severity::refusal,
                     .code = "ops.partitioned",
                     .message = "table public.t is partitioned",
                     .hint = {},
                     .where = {}}),
            "refused[ops.partitioned]: table public.t is partitioned\n");
}

TEST(Print, ColourWrapsTheHeadingOnly) {
  Diagnostic finding = unknown_field();
  finding.where = {};
  EXPECT_TRUE(printed(finding, {.color = true})
                  .starts_with("\x1b[1;31merror[spec.unknown-field]\x1b[0m: "));
}

TEST(Print, AnErrorShowsDetailHintAndSqlstate) {
  std::ostringstream out;
  print(Error(ErrorKind::database, "pg.rejected", "relation \"t\" is in use")
            .detail("first line\nsecond line")
            .hint("run pgexpand apply again")
            .sqlstate("55006"),
        out, Style{});
  EXPECT_EQ(out.str(),
            "error[pg.rejected]: relation \"t\" is in use\n"
            "  DETAIL:  first line\n"
            "           second line\n"
            "  HINT:  run pgexpand apply again\n"
            "  SQLSTATE:  55006\n");
}

TEST(Style, AutomaticColourObeysForceThenNoThenTheTerminal) {
  const auto automatic = ColorChoice::automatic;
  EXPECT_TRUE(wants_color(automatic, "1", "1", false));
  EXPECT_FALSE(wants_color(automatic, "1", std::nullopt, true));
  EXPECT_TRUE(wants_color(automatic, "", std::nullopt, true));
  EXPECT_FALSE(wants_color(automatic, std::nullopt, std::nullopt, false));
}

TEST(Style, AlwaysAndNeverBeatTheVariables) {
  EXPECT_TRUE(wants_color(ColorChoice::always, "1", std::nullopt, false));
  EXPECT_FALSE(wants_color(ColorChoice::never, std::nullopt, "1", true));
}

}  // namespace
}  // namespace pgexpand::report
