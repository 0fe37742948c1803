// What a session makes of a server that crashed while nobody was looking.
#include "support/test_database.hpp"

#include <gtest/gtest.h>

namespace pgexpand {
namespace {

using testing::TestDatabase;

std::optional<ErrorKind> kind_of(pg::Session& session, const char* sql) {
  try {
    session.run(sql::Statement::verbatim(sql));
    return std::nullopt;
  } catch (const Error& error) {
    return error.kind();
  }
}

TEST(ServerCrash, AnIdleSessionFindsItsConnectionLost) {
  const TestDatabase database;
  const auto session = database.session();
  testing::shared_server().crash_and_restart();
  EXPECT_EQ(kind_of(*session, "SELECT 1"), ErrorKind::connection);
  EXPECT_FALSE(session->is_open());
}

TEST(ServerCrash, ACommitThatMeetsItIsInDoubt) {
  const TestDatabase database;
  const auto session = database.session();
  pg::Transaction transaction(*session, {});
  session->run(sql::Statement::of("SELECT 1"));
  testing::shared_server().crash_and_restart();
  const auto answers = transaction.commit_together();
  ASSERT_TRUE(answers.error);
  EXPECT_EQ(answers.error->kind(), ErrorKind::in_doubt);
}

}  // namespace
}  // namespace pgexpand
