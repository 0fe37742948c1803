#include "pgexpand/base/error.hpp"

#include "pgexpand/base/assert.hpp"

#include <gmock/gmock.h>

namespace pgexpand {
namespace {

using testing::HasSubstr;

TEST(ErrorTest, EveryKindHasTheExitCodeOfTheManual) {
  EXPECT_EQ(exit_code(ErrorKind::usage), 2);
  EXPECT_EQ(exit_code(ErrorKind::invalid_spec), 2);
  EXPECT_EQ(exit_code(ErrorKind::refused), 7);
  EXPECT_EQ(exit_code(ErrorKind::connection), 3);
  EXPECT_EQ(exit_code(ErrorKind::lock_timeout), 4);
  EXPECT_EQ(exit_code(ErrorKind::busy), 5);
  EXPECT_EQ(exit_code(ErrorKind::verification), 7);
  EXPECT_EQ(exit_code(ErrorKind::database), 1);
  EXPECT_EQ(exit_code(ErrorKind::in_doubt), 3);
  EXPECT_EQ(exit_code(ErrorKind::interrupted), 6);
  EXPECT_EQ(exit_code(ErrorKind::internal), 1);
}

TEST(ErrorTest, AKindIsSpelledAsInTheCode) {
  EXPECT_EQ(name(ErrorKind::lock_timeout), "lock_timeout");
  EXPECT_EQ(name(ErrorKind::in_doubt), "in_doubt");
  EXPECT_EQ(name(ErrorKind::internal), "internal");
}

TEST(ErrorTest, HintDetailAndStateAreKept) {
  const Error error = Error(ErrorKind::database, "pg.rejected", "no such thing")
                          .hint("look again")
                          .detail("it is gone")
                          .sqlstate("42P01");
  EXPECT_STREQ(error.what(), "no such thing");
  EXPECT_EQ(error.hint(), "look again");
  EXPECT_EQ(error.detail(), "it is gone");
  EXPECT_EQ(error.sqlstate(), "42P01");
}

TEST(ErrorTest, AnAssertionThatHoldsDoesNothing) {
  EXPECT_NO_THROW(PGEXPAND_ASSERT(1 + 1 == 2));
}

TEST(ErrorTest, ABrokenAssertionNamesItsConditionAndPlace) {
  try {
    PGEXPAND_ASSERT(1 + 1 == 3);
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::internal);
    EXPECT_THAT(error.message(), HasSubstr("1 + 1 == 3"));
    EXPECT_THAT(error.message(), HasSubstr("error_test.cpp"));
  }
}

}  // namespace
}  // namespace pgexpand
