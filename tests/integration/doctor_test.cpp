// What `pgexpand doctor` finds on a real server, and that what it advises
// works.
#include "integration/flow.hpp"
#include "pgexpand/pg/health.hpp"
#include "support/standby.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <regex>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class Doctor : public Flow {
 protected:
  /// A role of its own, that is connected as from now on.
  void connect_as_deployer(const std::string& attributes = "") {
    database_.exec(fmt::format("CREATE ROLE {} LOGIN {}", role_, attributes));
    std::string dsn = database_.dsn();
    const std::string superuser = "user=postgres";
    line_.variables["PGEXPAND_DSN"] =
        dsn.replace(dsn.find(superuser), superuser.size(), "user=" + role_);
  }

  /// Exit code; "code: cure" of each check that has a code in `found_`.
  int doctor() {
    const int code = line_.run({"doctor", "-o", "json"});
    const auto answer = nlohmann::json::parse(line_.out);
    EXPECT_EQ(answer["exit_code"], code);
    EXPECT_EQ(answer["ok"], code == 0);
    found_.clear();
    if (!answer.contains("checks")) {
      ADD_FAILURE() << line_.out;
      return code;
    }
    for (const auto& check : answer["checks"]) {
      if (check["code"].is_string()) {
        const auto cure = check["cure"].is_string()
                              ? check["cure"].get<std::string>()
                              : std::string();
        found_.push_back(check["code"].get<std::string>() + ": " + cure);
      }
    }
    return code;
  }

  pg::Health health() const {
    return pg::read_health(*database_.session(), "pgexpand");
  }

  void write_add_column() const {
    write_spec("1_column", "add_column",
               {"table: orders", "column: c1", "type: text"});
  }

  std::string role_ = database_.name() + "_deployer";
  std::vector<std::string> found_;
};

TEST_F(Doctor, IsContentWithAnEmptyDatabaseAndChangesNothing) {
  const std::string before = dump();
  EXPECT_EQ(line_.run({"doctor"}), 0) << line_.out;
  EXPECT_THAT(line_.out, HasSubstr("0 refusals"));
  EXPECT_THAT(line_.out, HasSubstr("PostgreSQL"));
  EXPECT_EQ(dump(), before);
  EXPECT_EQ(one("SELECT to_regnamespace('pgexpand')"), "NULL");
}

TEST_F(Doctor, EveryGrantItNamesIsEnoughTogether) {
  database_.exec("CREATE TABLE orders (id integer PRIMARY KEY)");
  database_.exec(fmt::format(
      "CREATE ROLE {0}_owner; ALTER TABLE orders OWNER TO {0}_owner", role_));
  connect_as_deployer();
  write_add_column();
  const std::regex grant("GRANT [^,;]*? TO \"[^\"]+\"");
  for (int round = 0; round < 4 && doctor() != 0; ++round) {
    for (const std::string& line : found_) {
      std::smatch match;
      if (std::regex_search(line, match, grant)) database_.exec(match.str());
    }
  }
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, IsEmpty());
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
}

TEST_F(Doctor, NamesTheMissingRightOnATableOfAMigration) {
  database_.exec(
      fmt::format("CREATE TABLE orders (id integer PRIMARY KEY);"
                  "CREATE ROLE {0}_owner;"
                  "ALTER TABLE orders OWNER TO {0}_owner",
                  role_));
  connect_as_deployer();
  write_add_column();
  EXPECT_EQ(doctor(), 7);
  EXPECT_THAT(found_,
              Contains(fmt::format(
                  R"(rights.not-owner: GRANT "{0}_owner" TO "{0}")", role_)));
}

TEST_F(Doctor, FindsTheSettingsOfTheRoleHarmless) {
  connect_as_deployer();
  database_.exec(fmt::format(
      "GRANT CREATE ON DATABASE {1} TO {0}; GRANT pg_read_all_stats TO {0};"
      "ALTER ROLE {0} SET search_path = nowhere;"
      "ALTER ROLE {0} SET statement_timeout = 500;"
      "ALTER ROLE {0} SET default_transaction_isolation = serializable",
      role_, database_.name()));
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(Doctor, CountsTheConnectionsOfARole) {
  connect_as_deployer("CONNECTION LIMIT 3");
  EXPECT_EQ(doctor(), 7);  // nothing is granted yet
  EXPECT_THAT(found_, Contains(HasSubstr("doctor.few-connections")));
}

TEST_F(Doctor, SeesWhoHasATransactionOpen) {
  const auto holder = database_.application();
  holder->run(sql::Statement::of("BEGIN"));
  holder->run(sql::Statement::of("SET application_name = 'forgotten'"));
  holder->run(sql::Statement::of("CREATE TABLE t (id integer)"));
  const auto prepared = database_.application();
  prepared->run(sql::Statement::of("BEGIN"));
  prepared->run(sql::Statement::of("CREATE TABLE u (id integer)"));
  prepared->run(sql::Statement::of("PREPARE TRANSACTION 'orphan'"));
  const pg::Health found = health();
  database_.exec("ROLLBACK PREPARED 'orphan'");
  std::vector<std::string> open;
  for (const auto& each : found.transactions) {
    open.push_back(fmt::format("{} {} {}", each.pid, each.name, each.state));
    EXPECT_GE(each.age.count(), 0);
  }
  EXPECT_THAT(open, Contains("0 orphan prepared"));
  EXPECT_THAT(open, Contains(fmt::format("{} forgotten idle in transaction",
                                         holder->backend_pid())));
  EXPECT_EQ(found.hidden_transactions, 0);
}

TEST_F(Doctor, CountsWhatAPlainRoleMayNotSee) {
  const auto holder = database_.application();
  holder->run(sql::Statement::of("BEGIN"));
  holder->run(sql::Statement::of("CREATE TABLE t (id integer)"));
  connect_as_deployer();
  EXPECT_EQ(doctor(), 7);
  EXPECT_THAT(found_, Contains(HasSubstr("doctor.blind: GRANT "
                                         "pg_read_all_stats TO")));
  EXPECT_THAT(line_.out, HasSubstr("how long 1 transactions of other roles"));
}

TEST_F(Doctor, LooksAsTheOwnerThatARunBecomes) {
  connect_as_deployer("NOINHERIT");
  database_.exec(fmt::format(
      "CREATE ROLE {0}_owner; GRANT {0}_owner TO {0};"
      "GRANT CREATE ON DATABASE {1} TO {0};"
      "CREATE TABLE orders (id integer); ALTER TABLE orders OWNER TO {0}_owner",
      role_, database_.name()));
  EXPECT_EQ(doctor(), 0);
  const auto grant =
      fmt::format(R"(GRANT pg_read_all_stats TO "{}_owner")", role_);
  EXPECT_THAT(found_, Contains("doctor.blind: " + grant));
  database_.exec(grant);
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(Doctor, AStandbyIsRefused) {
  const Standby standby("looked_at");
  line_.variables["PGEXPAND_DSN"] = standby.dsn("postgres");
  EXPECT_EQ(doctor(), 7);
  EXPECT_THAT(found_, Contains(HasSubstr("target.standby")));
  line_.variables["PGEXPAND_DSN"] = database_.dsn();
  EXPECT_EQ(line_.run({"doctor"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("standby looked_at is streaming"));
}

TEST_F(Doctor, AHiddenStandbyIsRefusedWithTheGrant) {
  const Standby standby("hidden");
  connect_as_deployer();
  EXPECT_EQ(doctor(), 7);
  EXPECT_THAT(found_, Contains(AllOf(HasSubstr("throttle.hidden-replication"),
                                     HasSubstr("GRANT pg_read_all_stats TO"))));
}

TEST_F(Doctor, ASlotThatNobodyUsesIsNamedWithItsCure) {
  database_.exec("SELECT pg_create_physical_replication_slot('nobodys', true)");
  EXPECT_EQ(doctor(), 0);
  const std::string drop = "SELECT pg_drop_replication_slot('nobodys')";
  EXPECT_THAT(found_, Contains(AllOf(HasSubstr("doctor.slot-inactive"),
                                     HasSubstr(drop))));
  database_.exec(drop);
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, IsEmpty());
}

TEST_F(Doctor, APublishedTableOfAMigrationIsNamed) {
  database_.exec(
      "CREATE TABLE orders (id integer PRIMARY KEY);"
      "CREATE TABLE other (id integer); CREATE PUBLICATION p FOR TABLE other;");
  write_add_column();
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, IsEmpty());
  database_.exec("ALTER PUBLICATION p ADD TABLE orders");
  EXPECT_EQ(doctor(), 0);
  EXPECT_THAT(found_, Contains(HasSubstr("doctor.published")));
}

TEST_F(Doctor, TellsTheSizesOfWhatIsToBeMigrated) {
  database_.exec(
      "CREATE TABLE orders (id integer PRIMARY KEY, t text);"
      "INSERT INTO orders SELECT g, repeat('x', 500) FROM generate_series(1,"
      " 20000) g; CREATE TABLE other (id integer)");
  write_add_column();
  EXPECT_EQ(line_.run({"doctor"}), 0) << line_.out;
  EXPECT_THAT(line_.out, HasSubstr("table public.orders has 11 MB"));
  EXPECT_THAT(line_.out, HasSubstr(", WAL "));
  EXPECT_THAT(line_.out, Not(HasSubstr("public.other")));
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"doctor"}), 0);
  EXPECT_THAT(line_.out, Not(HasSubstr("table public.orders has")));
}

TEST_F(Doctor, WorksWhereTheStateSchemaIsAStrangers) {
  database_.exec("CREATE SCHEMA pgexpand; CREATE TABLE pgexpand.meta (x int)");
  connect_as_deployer();
  EXPECT_EQ(doctor(), 7);
  EXPECT_THAT(found_, Contains(HasSubstr("state.foreign-schema: run GRANT")));
}

}  // namespace
}  // namespace pgexpand::testing
