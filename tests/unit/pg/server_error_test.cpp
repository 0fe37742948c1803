#include "pg/server_error.hpp"

#include <gtest/gtest.h>

namespace pgexpand::pg {
namespace {

ServerError server_error(const std::string& sqlstate) {
  return {.severity = "ERROR",
          .sqlstate = sqlstate,
          .message = "message",
          .detail = "detail",
          .hint = "hint"};
}

TEST(ToError, KindsFollowTheSqlstate) {
  EXPECT_EQ(to_error(server_error("55P03"), false).kind(),
            ErrorKind::lock_timeout);
  EXPECT_EQ(to_error(server_error("40P01"), false).kind(),
            ErrorKind::lock_timeout);
  EXPECT_EQ(to_error(server_error("42601"), false).kind(), ErrorKind::database);
  EXPECT_EQ(to_error(server_error("08006"), false).kind(), ErrorKind::database);
}

TEST(ToError, AFatalErrorEndsTheConnection) {
  auto error = server_error("57P01");
  error.severity = "FATAL";
  EXPECT_EQ(to_error(error, false).kind(), ErrorKind::connection);
}

TEST(ToError, RowDataIsWithheldAndNamesAreNot) {
  auto error = server_error("23505");
  error.schema = "public";
  error.table = "orders";
  error.constraint = "orders_pkey";
  const Error shown = to_error(error, false);
  EXPECT_EQ(shown.message(),
            "a unique key occurs twice (table public.orders, constraint "
            "orders_pkey)");
  EXPECT_EQ(shown.detail(), "");
  EXPECT_EQ(shown.hint(), "");
  EXPECT_EQ(shown.sqlstate(), "23505");
}

TEST(ToError, ShowDataWithholdsNothing) {
  const Error shown = to_error(server_error("22P02"), true);
  EXPECT_EQ(shown.message(), "message");
  EXPECT_EQ(shown.detail(), "detail");
}

TEST(ToError, OtherClassesKeepMessageAndHintButNotDetail) {
  auto error = server_error("42601");
  error.position = "12";
  const Error shown = to_error(error, false);
  EXPECT_EQ(shown.message(), "message at character 12");
  EXPECT_EQ(shown.hint(), "hint");
  EXPECT_EQ(shown.detail(), "");
}

TEST(GeneralText, EveryStateOfTheTwoClassesHasOne) {
  EXPECT_EQ(general_text("22012"), "division by zero");
  EXPECT_EQ(general_text("22999"), "a value is not valid here");
  EXPECT_EQ(general_text("23999"), "a row violates a constraint");
}

}  // namespace
}  // namespace pgexpand::pg
