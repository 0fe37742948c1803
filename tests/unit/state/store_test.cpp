#include "pgexpand/state/store.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace pgexpand::state {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

/// Answers by a part of the statement; records what it was asked.
class ScriptedSession : public pg::Session {
 public:
  pg::Result run(const sql::Statement& statement) override {
    return run(statement, {});
  }
  pg::Result run(const sql::Statement& statement,
                 const std::vector<pg::Value>& parameters) override {
    log.push_back(statement.text());
    last_parameters = parameters;
    for (const auto& [part, result] : answers) {
      if (statement.text().find(part) != std::string::npos) {
        return result;
      }
    }
    return {.tag = statement.text()};
  }
  bool in_transaction() const override { return true; }
  bool is_open() const noexcept override { return true; }
  int server_version_num() const override { return 150'000; }
  int backend_pid() const override { return 1; }
  std::string backend_start() const override { return ""; }
  std::vector<pg::Notice> take_notices() override { return {}; }
  void cancel() noexcept override {}
  void shut_down() noexcept override {}

  std::map<std::string, pg::Result> answers;
  std::vector<std::string> log;
  std::vector<pg::Value> last_parameters;
};

class StoreTest : public ::testing::Test {
 protected:
  /// The schema exists; is it ours, and which version holds it?
  void schema(const char* is_ours, int version) {
    session_.answers["LEFT JOIN pg_catalog.pg_namespace"] = {
        .rows = {{"t", is_ours, "f", "ann", "shop", "bob"}},
        .columns = {"exists", "is_ours", "may_create", "owner", "database",
                    "user"}};
    session_.answers["relname = 'meta'"] = {.rows = {{"1"}},
                                            .columns = {"one"}};
    session_.answers["pg_try_advisory_xact_lock"] = {.rows = {{"t"}},
                                                     .columns = {"locked"}};
    session_.answers["SELECT version"] = {.rows = {{std::to_string(version)}},
                                          .columns = {"version"}};
  }
  template <typename Act>
  std::string error_of(Act act) {
    try {
      act();
      return "";
    } catch (const Error& error) {
      return error.code();
    }
  }

  ScriptedSession session_;
  Store store_{session_, sql::Identifier("pgexpand")};
};

TEST_F(StoreTest, EveryTableHasAPrimaryKeyAndPublicHasNoRights) {
  int tables = 0;
  bool is_revoked = false;
  for (const auto& statement : create_statements(sql::Identifier("s"))) {
    if (statement.text().starts_with("CREATE TABLE")) {
      ++tables;
      EXPECT_THAT(statement.text(), HasSubstr("PRIMARY KEY"));
    }
    is_revoked =
        is_revoked || statement.text().starts_with("REVOKE ALL ON ALL TABLES");
  }
  EXPECT_EQ(tables, 9);
  EXPECT_TRUE(is_revoked);
}

TEST_F(StoreTest, TheSchemasNameIsQuoted) {
  for (const auto& statement : create_statements(sql::Identifier("My \"s"))) {
    EXPECT_THAT(statement.text(), HasSubstr(R"("My ""s")"));
  }
}

TEST_F(StoreTest, ASchemaOfThisVersionIsLeftAlone) {
  schema("t", state_version);
  store_.ensure();
  for (const auto& text : session_.log) {
    EXPECT_FALSE(text.starts_with("CREATE")) << text;
  }
}

TEST_F(StoreTest, AnOlderSchemaGetsTheTableOfVersions) {
  session_.answers["pg_try_advisory_xact_lock"] = {.rows = {{"t"}},
                                                   .columns = {"locked"}};
  schema("t", 1);
  store_.ensure();
  EXPECT_THAT(session_.log,
              Contains(HasSubstr("CREATE TABLE \"pgexpand\".version")));
  EXPECT_THAT(session_.log, Contains(HasSubstr("ADD COLUMN stamp")));
  EXPECT_THAT(
      session_.log,
      Contains(HasSubstr(fmt::format("SET version = {}", state_version))));
  EXPECT_THAT(session_.log, Not(Contains(HasSubstr(".migration (\n"))));
}

TEST_F(StoreTest, ASchemaOfVersion2KeepsItsTableOfVersions) {
  schema("t", 2);
  store_.ensure();
  EXPECT_THAT(session_.log, Not(Contains(HasSubstr(".version (\n"))));
  EXPECT_THAT(session_.log, Contains(HasSubstr("ADD COLUMN stamp")));
}

TEST_F(StoreTest, NobodyMayBeAtWorkInASchemaThatIsBroughtUpToDate) {
  schema("t", 2);
  session_.answers["pg_try_advisory_xact_lock"] = {.rows = {{"f"}},
                                                   .columns = {"locked"}};
  EXPECT_EQ(error_of([&] { store_.ensure(); }), "state.upgrade-waits");
}

TEST_F(StoreTest, ANewerSchemaIsRefused) {
  session_.answers["'release'"] = {.rows = {{"9.8.7"}}, .columns = {"release"}};
  schema("t", state_version + 1);
  EXPECT_EQ(error_of([&] { store_.ensure(); }), "state.newer");
  EXPECT_EQ(store_.obstacle()->hint(), "install pgexpand 9.8.7 or a newer one");
}

TEST_F(StoreTest, ANewerSchemaMayHaveForgottenItsRelease) {
  session_.answers["'release'"] = {.rows = {{std::nullopt}},
                                   .columns = {"release"}};
  schema("t", state_version + 1);
  EXPECT_EQ(store_.obstacle()->hint(),
            "install the release of pgexpand that wrote it");
}

TEST_F(StoreTest, AStrangersSchemaIsRefused) {
  schema("f", 1);
  EXPECT_EQ(error_of([&] { store_.ensure(); }), "state.foreign-schema");
}

TEST_F(StoreTest, AnotherEpochIsFenced) {
  session_.answers["FOR SHARE"] = {.rows = {{"8"}}, .columns = {"epoch"}};
  EXPECT_EQ(error_of([&] { store_.fence("m1", 8); }), "");
  EXPECT_EQ(error_of([&] { store_.fence("m1", 7); }), "runner.fenced");
}

TEST_F(StoreTest, AMigrationThatIsGoneIsFenced) {
  EXPECT_EQ(error_of([&] { store_.fence("m1", 7); }), "runner.fenced");
}

TEST_F(StoreTest, AFailedStepCountsAnAttempt) {
  store_.set_step("m1", "expand-1", StepStatus::failed, "55P03");
  const std::vector<pg::Value> expected{"m1", "expand-1", "failed", "1",
                                        "55P03"};
  EXPECT_EQ(session_.last_parameters, expected);
}

TEST_F(StoreTest, ARivalsLeaseIsNotOverwritten) {
  EXPECT_EQ(error_of([&] { store_.register_runner({}, 3); }), "runner.fenced");
}

}  // namespace
}  // namespace pgexpand::state
