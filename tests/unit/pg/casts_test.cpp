#include "pg/casts.hpp"

#include "pg/sample.hpp"

#include <gtest/gtest.h>

namespace pgexpand::pg {
namespace {

TypeFacts type(std::uint32_t oid, char category) {
  TypeFacts facts;
  facts.type.oid = facts.type.base_oid = oid;
  facts.type.category = category;
  return facts;
}

const TypeFacts int4 = type(23, 'N');
const TypeFacts int8 = type(20, 'N');
const TypeFacts text = type(25, 'S');
const TypeFacts varchar = type(1043, 'S');
const TypeFacts date = type(1082, 'D');

TypeFacts array_of(const TypeFacts& element, std::uint32_t oid) {
  TypeFacts facts = type(oid, 'A');
  facts.type.is_array = true;
  facts.element_oid = facts.element_base_oid = element.type.oid;
  return facts;
}

TEST(JudgeCast, TheSameTypeIsAllThree) {
  const auto verdict = judge_cast({.from = int4, .to = int4});
  EXPECT_TRUE(verdict.assignable && verdict.castable &&
              verdict.binary_coercible);
}

TEST(JudgeCast, TheContextOfACastCounts) {
  const auto assigned =
      judge_cast({.from = int8, .to = int4, .direct = CastEntry{'a', 'f'}});
  EXPECT_TRUE(assigned.assignable);
  EXPECT_FALSE(assigned.binary_coercible);
  const auto explicit_only =
      judge_cast({.from = int4, .to = date, .direct = CastEntry{'e', 'f'}});
  EXPECT_FALSE(explicit_only.assignable);
  EXPECT_TRUE(explicit_only.castable);
}

TEST(JudgeCast, TextIsAssignedToButOnlyCastFrom) {
  EXPECT_TRUE(judge_cast({.from = date, .to = text}).assignable);
  EXPECT_FALSE(judge_cast({.from = text, .to = date}).assignable);
  EXPECT_TRUE(judge_cast({.from = text, .to = date}).castable);
  EXPECT_FALSE(judge_cast({.from = date, .to = int4}).castable);
}

TEST(JudgeCast, ArraysGoByTheirElements) {
  CastQuestion question{.from = array_of(int8, 1016),
                        .to = array_of(int4, 1007),
                        .element = CastEntry{'a', 'f'},
                        .from_element_category = 'N',
                        .to_element_category = 'N'};
  EXPECT_TRUE(judge_cast(question).assignable);
  question.element.reset();
  EXPECT_FALSE(judge_cast(question).castable);
}

TEST(JudgeCast, ALengthCheckIsNotBinary) {
  CastQuestion question{
      .from = text, .to = varchar, .direct = CastEntry{'i', 'b'}};
  EXPECT_TRUE(judge_cast(question).binary_coercible);
  question.to_modifier = 14;
  EXPECT_TRUE(judge_cast(question).assignable);
  EXPECT_FALSE(judge_cast(question).binary_coercible);
}

TEST(JudgeCast, ADomainWithChecksIsBinaryOnlyToItself) {
  TypeFacts positive = int4;
  positive.type.oid = 9999;
  positive.type.is_domain = positive.type.domain_has_constraints = true;
  EXPECT_FALSE(judge_cast({.from = int4, .to = positive}).binary_coercible);
  EXPECT_TRUE(judge_cast({.from = positive, .to = positive}).binary_coercible);
  EXPECT_TRUE(judge_cast({.from = positive, .to = int4}).binary_coercible);
}

TEST(Widens, LengthsMayGrowButBlanksMayNot) {
  EXPECT_TRUE(widens(1043, 54, 104));
  EXPECT_FALSE(widens(1043, 104, 54));
  EXPECT_FALSE(widens(1043, -1, 54));
  EXPECT_TRUE(widens(1043, 54, -1));
  EXPECT_FALSE(widens(1042, 14, 24));
}

TEST(Widens, ANumericKeepsItsScale) {
  const auto numeric = [](int precision, int scale) {
    return ((precision << 16) | scale) + 4;
  };
  EXPECT_TRUE(widens(1700, numeric(10, 2), numeric(12, 2)));
  EXPECT_FALSE(widens(1700, numeric(10, 2), numeric(12, 3)));
  EXPECT_FALSE(widens(1700, numeric(10, 2), numeric(8, 2)));
}

TEST(SamplePercent, ASmallTableIsReadWhole) {
  EXPECT_FALSE(sample_percent(200, 10'000));
  EXPECT_NEAR(*sample_percent(100'000, 10'000'000), 0.02, 1e-9);
  EXPECT_EQ(*sample_percent(1'000, 0), 100.0);
}

}  // namespace
}  // namespace pgexpand::pg
