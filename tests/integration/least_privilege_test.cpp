// docs/roles.md, run as it stands there: these rights are enough for every
// command, and each of them is needed.
#include "integration/flow.hpp"
#include "places.hpp"

#include <fmt/format.h>

#include <fstream>
#include <regex>
#include <stdexcept>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// The SQL below a heading of docs/roles.md, as it stands there.
std::string recipe(const std::string& heading) {
  std::ifstream page(source_folder() / "docs" / "roles.md");
  std::string sql;
  bool is_below = false;
  bool is_sql = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("## ")) is_below = line == "## " + heading;
    if (is_sql && line == "```") return sql;
    if (is_sql) sql += line + "\n";
    is_sql = is_sql || (is_below && line == "```sql");
  }
  throw std::runtime_error("docs/roles.md has no SQL below " + heading);
}

class LeastPrivilege : public Flow {
 protected:
  LeastPrivilege() {
    follow("The recipe");
    as_owner(
        "CREATE TABLE shop.orders (id bigint PRIMARY KEY, status text,"
        " total integer);"
        "INSERT INTO shop.orders SELECT g, 'status ' || g, g"
        " FROM generate_series(1, 3000) AS g");
    line_.variables["PGEXPAND_DSN"] = dsn_of("deploy");
    line_.write("pgexpand.yaml",
                "lock: {hold: 20s}\nbackfill: {batch_rows: 500}\n");
  }

  /// Roles belong to the server that all tests share, so each test has its
  /// own; and its own database.
  [[nodiscard]] std::string local(const std::string& sql) const {
    const std::string roles = std::regex_replace(
        sql, std::regex("shop_(owner|app|deploy)"), database_.name() + "_$1");
    return std::regex_replace(roles, std::regex("DATABASE shop"),
                              "DATABASE " + database_.name());
  }
  void follow(const std::string& heading) const {
    database_.exec(local(recipe(heading)));
  }
  void as_owner(const std::string& sql) const {
    database_.exec(local("SET ROLE shop_owner; " + sql));
  }
  void as_application(const std::string& sql) const {
    database_.exec(local("SET ROLE shop_app; " + sql));
  }
  [[nodiscard]] std::string dsn_of(const std::string& who) const {
    return std::regex_replace(database_.dsn(), std::regex("user=postgres"),
                              "user=" + database_.name() + "_" + who);
  }

  void write_specs() const {
    write_spec(
        "1_column", "add_column",
        {"table: shop.orders", "column: loud", "type: text", "nullable: false",
         "up: upper(status)", "unique: {name: orders_loud}"});
    write_spec("2_rename", "rename_column",
               {"table: shop.orders", "from: status", "to: state"});
    write_spec("3_type", "alter_column",
               {"table: shop.orders", "column: total", "type: bigint"});
    write_spec("4_null", "set_not_null",
               {"table: shop.orders", "column: total", "up: \"0\""});
    write_spec("5_index", "create_index",
               {"table: shop.orders", "name: by_total", "columns: [total]"});
    write_spec("6_drop", "drop_column",
               {"table: shop.orders", "column: loud", "down: upper(state)"});
  }

  void expect_ok(const std::vector<std::string>& words) {
    EXPECT_EQ(run(words), 0) << words.front() << "\n" << line_.err << line_.out;
  }

  /// Every command between plan and contract, with a pause and a way back.
  void expect_all_commands_work(const std::string& id) {
    SCOPED_TRACE(id);
    const std::string before = dump();
    expect_ok({"plan", id});
    expect_ok({"apply", id, "--through", "expand"});
    expect_ok({"pause", id});
    EXPECT_EQ(run({"apply", id}), 6) << line_.err;
    expect_ok({"resume", id});
    expect_ok({"apply", id, "--through", "switch"});
    expect_ok({"status", id});
    expect_ok({"history", id});
    expect_ok({"verify", id});
    expect_ok({"rollback", id});
    EXPECT_EQ(dump(), before);
    expect_ok({"switch", id});
    expect_ok({"contract", id});
  }

  void expect_there_and_back_and_there_again(const std::string& id) {
    SCOPED_TRACE(id);
    expect_ok({"apply", id, "--through", "switch"});
    expect_ok({"rollback", id});
    expect_ok({"apply", id, "--through", "contract"});
  }

  void expect_the_whole_way_works(const std::vector<std::string>& ids) {
    write_specs();
    expect_ok({"doctor"});
    EXPECT_THAT(line_.out, HasSubstr("0 refusals"));
    expect_ok({"init"});
    expect_all_commands_work(ids.front());
    for (std::size_t i = 1; i < ids.size() && !HasFailure(); ++i) {
      expect_there_and_back_and_there_again(ids[i]);
    }
    EXPECT_EQ(one("SELECT count(*) FROM shop.orders WHERE total = id"), "3000");
    expect_nothing_escaped();
  }

  /// Everything in the database belongs to the owner or is our state.
  void expect_nothing_escaped() {
    EXPECT_EQ(one(local("SELECT count(*) FROM pg_class WHERE relowner ="
                        " 'shop_deploy'::regrole AND relnamespace <>"
                        " 'pgexpand'::regnamespace AND relnamespace <>"
                        " 'pg_toast'::regnamespace")),
              "0");
    EXPECT_EQ(one(local("SELECT has_schema_privilege('shop_app', 'pgexpand',"
                        " 'USAGE')")),
              "f");
    EXPECT_THAT(dump(), Not(HasSubstr("~pgexpand")));
  }
};

const std::vector<std::string> on_one_column{"1_column", "2_rename", "6_drop"};
const std::vector<std::string> on_another{"3_type", "4_null", "5_index"};

TEST_F(LeastPrivilege, IsEnoughToAddRenameAndDropColumns) {
  expect_the_whole_way_works(on_one_column);
}

TEST_F(LeastPrivilege, IsEnoughToChangeTypesAndBuildIndexes) {
  expect_the_whole_way_works(on_another);
}

class LeastPrivilegeInViews : public LeastPrivilege {
 protected:
  LeastPrivilegeInViews() {
    follow("With version schemas");
    line_.write("pgexpand.yaml",
                "versions: views\nlock: {hold: 20s}\n"
                "backfill: {batch_rows: 500}\n");
  }
};

TEST_F(LeastPrivilegeInViews, IsEnoughToAddRenameAndDropColumns) {
  expect_the_whole_way_works(on_one_column);
}

TEST_F(LeastPrivilegeInViews, IsEnoughToChangeTypesAndBuildIndexes) {
  expect_the_whole_way_works(on_another);
}

TEST_F(LeastPrivilege, LetsTheApplicationWriteAllTheWay) {
  write_specs();
  expect_ok({"apply", "2_rename", "--through", "switch"});
  as_application("UPDATE shop.orders SET status = 'old code' WHERE id = 3");
  as_application("UPDATE shop.orders SET state = 'new code' WHERE id = 4");
  EXPECT_EQ(one("SELECT string_agg(status || state, ' ' ORDER BY id) FROM"
                " shop.orders WHERE id IN (3, 4)"),
            "old codeold code new codenew code");
  expect_ok({"verify", "2_rename"});
  expect_ok({"contract", "2_rename"});
  as_application("INSERT INTO shop.orders (id, state) VALUES (3001, 'x')");
}

TEST_F(LeastPrivilegeInViews, TheApplicationsRoleUsesAVersion) {
  write_specs();
  expect_ok({"apply", "2_rename"});
  as_application(
      "UPDATE shop_2_rename.orders SET state = 'new code' WHERE id = 4");
  EXPECT_EQ(one("SELECT status FROM shop.orders WHERE id = 4"), "new code");
  expect_ok({"contract", "2_rename"});
}

TEST_F(LeastPrivilege, AVersionNeedsCreateOnTheDatabaseAndPlanSaysSo) {
  line_.write("pgexpand.yaml", "versions: views\n");
  write_specs();
  const std::string before = dump();
  for (const std::string command : {"plan", "apply", "doctor"}) {
    EXPECT_EQ(run({command}), 7) << command << line_.err;
    EXPECT_THAT(line_.err + line_.out,
                AllOf(HasSubstr("rights.create-schema"),
                      HasSubstr(local(R"(GRANT CREATE ON DATABASE ")") +
                                database_.name() + R"(" TO ")" +
                                database_.name() + R"(_owner")")));
  }
  EXPECT_EQ(dump(), before);
}

TEST_F(LeastPrivilege, PlanSaysThatTheStateSchemaCannotBeMade) {
  database_.exec("DROP SCHEMA pgexpand");
  write_specs();
  const auto cure =
      fmt::format(R"(CREATE SCHEMA "pgexpand" AUTHORIZATION "{}_deploy")",
                  database_.name());
  for (const std::string command : {"plan", "apply", "doctor"}) {
    EXPECT_EQ(run({command}), 7) << command << line_.err;
    EXPECT_THAT(line_.err + line_.out,
                AllOf(HasSubstr("state.may-not-create"), HasSubstr(cure)));
  }
  database_.exec(cure);
  expect_ok({"apply", "1_column", "--through", "contract"});
}

TEST_F(LeastPrivilege, TriggersOfTheUserAreLeftOutWithTheRight) {
  as_owner(
      "CREATE TABLE shop.fired (id bigint); CREATE FUNCTION shop.fire() RETURNS"
      " trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO shop.fired VALUES"
      " (NEW.id); RETURN NEW; END $$; CREATE TRIGGER fires BEFORE UPDATE ON"
      " shop.orders FOR EACH ROW EXECUTE FUNCTION shop.fire()");
  write_specs();
  EXPECT_EQ(run({"plan", "1_column"}), 7) << line_.out;
  if (database_.session()->server_version_num() < 150000) {
    EXPECT_THAT(line_.err, HasSubstr("user_triggers"));
    return;
  }
  EXPECT_THAT(line_.err, HasSubstr("session_replication_role"));
  follow("With triggers of your own");
  expect_ok({"apply", "1_column", "--through", "switch"});
  EXPECT_EQ(one("SELECT count(*) FROM shop.fired"), "0");
}

TEST_F(LeastPrivilege, ARunThatLostItsBackendsGoesOn) {
  write_specs();
  expect_ok({"apply", "1_column", "--through", "expand"});
  auto apply = spawn_pgexpand({"apply", "1_column", "--pause", "1s", "--dir",
                               line_.folder().string() + "/migrations"},
                              {"PGEXPAND_DSN=" + dsn_of("deploy")});
  const std::string backends =
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE"
      " application_name LIKE 'pgexpand 1_column%' AND datname ="
      " current_database()";
  while (apply.is_running() && one(backends) == "0") usleep(50'000);
  const auto result = apply.wait();
  EXPECT_THAT(result.exit_code, ::testing::AnyOf(0, 3)) << result.err;
  expect_ok({"apply", "1_column", "--through", "contract"});
  EXPECT_EQ(one("SELECT count(loud) FROM shop.orders"), "3000");
}

}  // namespace
}  // namespace pgexpand::testing
