#include "pgexpand/base/diagnostics.hpp"

#include <gtest/gtest.h>

namespace pgexpand {
namespace {

const Location somewhere{"a.yaml", 3, 5, "    column: x"};

TEST(DiagnosticsTest, NothingFoundBlocksNothing) {
  const Diagnostics findings;
  EXPECT_FALSE(findings.blocks());
  EXPECT_TRUE(findings.all().empty());
}

TEST(DiagnosticsTest, AWarningDoesNotBlock) {
  Diagnostics findings;
  findings.warn(somewhere, "plan.slow", "this takes long");
  EXPECT_FALSE(findings.blocks());
  EXPECT_EQ(findings.all().size(), 1U);
}

TEST(DiagnosticsTest, AnErrorAndARefusalBlock) {
  Diagnostics wrong;
  wrong.error(somewhere, "spec.bad", "bad");
  EXPECT_TRUE(wrong.has_errors());
  EXPECT_FALSE(wrong.has_refusals());
  EXPECT_TRUE(wrong.blocks());

  Diagnostics refused;
  refused.refuse(somewhere, "plan.refused", "not here");
  EXPECT_FALSE(refused.has_errors());
  EXPECT_TRUE(refused.blocks());
}

TEST(DiagnosticsTest, FindingsKeepTheirOrderAndPlace) {
  Diagnostics first;
  first.error(somewhere, "one", "1", "do this");
  Diagnostics second;
  second.warn({}, "two", "2");
  first.append(second);
  ASSERT_EQ(first.all().size(), 2U);
  EXPECT_EQ(first.all()[0],
            (Diagnostic{Severity::error, "one", "1", "do this", somewhere}));
  EXPECT_EQ(first.all()[1].code, "two");
}

TEST(DiagnosticsTest, FindingsCanBeAppendedToThemselves) {
  Diagnostics findings;
  findings.error(somewhere, "one", "1");
  findings.append(findings);
  EXPECT_EQ(findings.all().size(), 2U);
  EXPECT_EQ(findings.all()[1].message, "1");
}

}  // namespace
}  // namespace pgexpand
