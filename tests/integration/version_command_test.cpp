// How an application learns which version to use.
#include "version_users_fixture.hpp"

#include <nlohmann/json.hpp>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class VersionCommand : public VersionUsers {
 protected:
  std::string answer(std::vector<std::string> words) {
    words.insert(words.begin(), "version");
    EXPECT_EQ(line_.run(words), 0) << line_.err;
    return line_.out.substr(0, line_.out.size() - 1);
  }
  /// The search_path of a session that connects like this.
  static std::string path_at(const std::string& url) {
    const auto psql =
        run_process({server_program("psql"), "-XAtc", "SHOW search_path", url});
    return psql.out.substr(0, psql.out.find('\n'));
  }
};

TEST_F(VersionCommand, WithoutAPublishedVersionItRefuses) {
  EXPECT_EQ(line_.run({"version"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[version.none]"));
  ASSERT_EQ(run({"apply", "--through", "verify"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"version"}), 7);
}

TEST_F(VersionCommand, PrintsTheNewestOrTheAskedFor) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  EXPECT_EQ(answer({}), "public_2_status");
  EXPECT_EQ(answer({"1_note"}), "public_1_note");
  ASSERT_NO_FATAL_FAILURE(contract("2_status"));
  EXPECT_EQ(answer({"2_status"}), "public_2_status");
  EXPECT_EQ(line_.run({"version", "1_note"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[version.not-published]"));
  EXPECT_EQ(line_.run({"version", "1_notes"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("1_note"));
}

TEST_F(VersionCommand, TheUrlConnectsWithTheVersionInItsPath) {
  ASSERT_NO_FATAL_FAILURE(apply());
  const std::string url = answer({"--format", "url"});
  EXPECT_THAT(url, HasSubstr("postgresql://"));
  EXPECT_EQ(path_at(url), "public_1_note,public");
}

TEST_F(VersionCommand, TheUrlKeepsEverythingButThePassword) {
  ASSERT_NO_FATAL_FAILURE(apply());
  line_.variables["PGEXPAND_DSN"] =
      database_.dsn() +
      " password=hush connect_timeout=7 options='-c geqo=off'";
  const std::string url = answer({"--format", "url"});
  EXPECT_THAT(url, Not(HasSubstr("hush")));
  EXPECT_THAT(url, HasSubstr("connect_timeout=7"));
  EXPECT_THAT(url, HasSubstr("options=-c%20geqo%3Doff%20-csearch_path%3D"
                             "public_1_note%2Cpublic"));
  EXPECT_EQ(path_at(url), "public_1_note,public");
}

TEST_F(VersionCommand, TheOtherFormatsSayTheSame) {
  ASSERT_NO_FATAL_FAILURE(apply());
  EXPECT_EQ(answer({"--format", "env"}),
            "PGOPTIONS=-csearch_path=public_1_note,public");
  EXPECT_EQ(answer({"--format", "sql", "--role", "my app"}),
            fmt::format("ALTER ROLE \"my app\" IN DATABASE \"{}\" SET "
                        "search_path = public_1_note, public;",
                        database_.name()));
}

TEST_F(VersionCommand, TheStatementOfTheSqlFormatDoesIt) {
  ASSERT_NO_FATAL_FAILURE(apply());
  make_role();
  database_.exec(answer({"--format", "sql", "--role", role()}));
  EXPECT_EQ(one(fmt::format("SELECT setconfig[1] FROM pg_db_role_setting WHERE "
                            "setrole = '{}'::regrole",
                            role())),
            "search_path=public_1_note, public");
}

TEST_F(VersionCommand, NamesThatNeedQuotesAreQuoted) {
  database_.exec(
      "CREATE SCHEMA \"My shop\"; CREATE TABLE \"My shop\".t (id integer "
      "PRIMARY KEY, a text)");
  write_spec("1_note", "rename_column",
             {"table: '\"My shop\".t'", "from: a", "to: b"});
  ASSERT_NO_FATAL_FAILURE(apply());
  EXPECT_EQ(answer({}), "My shop_1_note");
  EXPECT_EQ(answer({"--format", "env"}),
            R"(PGOPTIONS='-csearch_path="My\ shop_1_note",public,"My\ shop"')");
  EXPECT_EQ(path_at(answer({"--format", "url"})),
            R"("My shop_1_note",public,"My shop")");
}

TEST_F(VersionCommand, JsonHasThemAll) {
  line_.write("pgexpand.yaml", "versions: views\nversions_alias: app\n");
  ASSERT_NO_FATAL_FAILURE(apply());
  const auto json = nlohmann::json::parse(answer({"-o", "json"}));
  EXPECT_EQ(json.at("migration"), "1_note");
  EXPECT_EQ(json.at("version"), "public_1_note");
  EXPECT_EQ(json.at("schemas").at(0).at("base"), "public");
  EXPECT_EQ(json.at("aliases").at(0).at("schema"), "app");
  EXPECT_EQ(json.at("search_path"), "public_1_note, public");
  for (const char* key : {"url", "env", "sql"}) {
    EXPECT_THAT(json.at(key).get<std::string>(), HasSubstr("search_path"));
  }
}

TEST_F(VersionCommand, TheAliasIsTheNewestVersionAlways) {
  line_.write("pgexpand.yaml", "versions: views\nversions_alias: app\n");
  ASSERT_NO_FATAL_FAILURE(publish_two());
  use("SET search_path = app, public");
  use("SELECT state, remark FROM orders");
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("version public_2_status, app (alias)"));
  ASSERT_EQ(run({"rollback", "2_status"}), 0) << line_.err;
  use("SELECT status, remark FROM orders");
}

TEST_F(VersionCommand, AVersionDroppedByHandIsNotPrinted) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  database_.exec("DROP SCHEMA public_2_status CASCADE");
  EXPECT_EQ(answer({}), "public_1_note");
}

}  // namespace
}  // namespace pgexpand::testing
