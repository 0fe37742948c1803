// No superuser is needed, and what right is missing is said before anything
// runs.
#include "integration/flow.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class Rights : public Flow {
 protected:
  Rights() {
    database_.exec(fmt::format(
        "CREATE ROLE {0}; CREATE ROLE {1} LOGIN INHERIT;"
        "GRANT CREATE ON DATABASE {2} TO {1};"
        "CREATE SCHEMA shop AUTHORIZATION {0}; SET ROLE {0};"
        "CREATE TABLE shop.customers (id integer PRIMARY KEY, name text);"
        "CREATE TABLE shop.orders (id integer PRIMARY KEY, status text,"
        " customer integer REFERENCES shop.customers);"
        "CREATE INDEX ON shop.orders (status);"
        "INSERT INTO shop.customers SELECT g FROM generate_series(1, 9) AS g;"
        "INSERT INTO shop.orders SELECT g, 'status ' || g, 1 + g % 9"
        " FROM generate_series(1, 30) AS g;",
        owner_, role_, database_.name()));
    std::string dsn = database_.dsn();
    const std::string superuser = "user=postgres";
    line_.variables["PGEXPAND_DSN"] =
        dsn.replace(dsn.find(superuser), superuser.size(), "user=" + role_);
  }

  void exec(const std::string& sql) const {
    database_.exec(fmt::format(fmt::runtime(sql), fmt::arg("role", role_),
                               fmt::arg("owner", owner_),
                               fmt::arg("database", database_.name())));
  }

  void add_column() const {
    write_spec(
        "1_column", "add_column",
        {"table: shop.orders", "column: c1", "type: text", "nullable: false",
         "up: upper(status) || '!'", "unique: {name: orders_c1}"});
  }

  void expect_ok(const std::vector<std::string>& words) {
    EXPECT_EQ(run(words), 0) << line_.err << line_.out;
  }

  /// Every phase there and back, of each kind of change.
  void expect_everything_works() {
    const std::string before = dump();
    add_column();
    write_spec("2_rename", "rename_column",
               {"table: shop.customers", "from: name", "to: title"});
    for (const std::string id : {"1_column", "2_rename"}) {
      expect_ok({"apply", id});
      if (HasFailure()) return;
    }
    expect_ok({"rollback", "2_rename"});
    expect_ok({"rollback", "1_column"});
    EXPECT_EQ(dump(), before);
    expect_ok({"apply", "--through", "switch"});
    write_as_owner();
    expect_ok({"verify", "1_column"});
    expect_ok({"contract"});
    write_spec("3_type", "alter_column",
               {"table: shop.customers", "column: id", "type: bigint"});
    expect_ok({"apply", "--through", "contract"});
    write_spec("4_null", "set_not_null",
               {"table: shop.customers", "column: title", "up: \"'none'\""});
    write_spec(
        "5_index", "create_index",
        {"table: shop.orders", "name: by_customer", "columns: [customer]"});
    expect_ok({"apply", "--through", "contract"});
    expect_all_is_there();
  }

  void write_as_owner() const {
    exec(
        "SET ROLE {owner}; UPDATE shop.orders SET status = 'x' WHERE id = 3;"
        "INSERT INTO shop.customers (id, name) VALUES (10, 'ten');"
        "INSERT INTO shop.customers (id, title) VALUES (11, 'eleven')");
  }

  void expect_all_is_there() {
    EXPECT_EQ(one("SELECT count(*) FROM shop.orders WHERE c1 = upper(status)"
                  " || '!'"),
              "30");
    EXPECT_EQ(one("SELECT count(title) FROM shop.customers"), "11");
    EXPECT_EQ(one("SELECT pg_typeof(id) FROM shop.customers LIMIT 1"),
              "bigint");
    EXPECT_EQ(one("SELECT count(*) FROM pg_class c JOIN pg_namespace n ON"
                  " n.oid = relnamespace WHERE nspname = 'shop' AND"
                  " pg_get_userbyid(relowner) <> '" +
                  owner_ + "'"),
              "0");
    EXPECT_THAT(dump(), Not(HasSubstr("~pgexpand")));
  }

  void expect_refused(const std::string& code, const std::string& grant) {
    add_column();
    const std::string before = dump();
    EXPECT_EQ(run({"apply"}), 7) << line_.err;
    EXPECT_THAT(line_.err,
                AllOf(HasSubstr("[" + code + "]"), HasSubstr(grant)));
    EXPECT_EQ(dump(), before);
    exec(grant);
    expect_ok({"apply", "--through", "contract"});
  }
  [[nodiscard]] std::string grant_on_shop(const std::string& right) const {
    return fmt::format(R"(GRANT {} ON SCHEMA "shop" TO "{}")", right, role_);
  }

  std::string owner_ = database_.name() + "_owner";
  std::string role_ = database_.name() + "_deployer";
};

TEST_F(Rights, TheOwnerNeedsNoSuperuser) {
  exec("REASSIGN OWNED BY {owner} TO {role}");
  owner_ = role_;
  expect_everything_works();
}

TEST_F(Rights, AMemberOfTheOwnerIsEnough) {
  exec("GRANT {owner} TO {role}");
  expect_everything_works();
}

TEST_F(Rights, AMemberThatDoesNotInheritIsEnough) {
  exec("ALTER ROLE {role} NOINHERIT; GRANT {owner} TO {role}");
  expect_everything_works();
}

TEST_F(Rights, AMemberOfTwoOwnersThatInheritsNeitherIsRefused) {
  // First, because from 16 on the GRANT settles what a membership inherits.
  exec(
      "ALTER ROLE {role} NOINHERIT;"
      "CREATE ROLE {role}_two; GRANT {owner}, {role}_two TO {role};"
      "GRANT USAGE, CREATE ON SCHEMA shop TO {role}_two;"
      "ALTER TABLE shop.customers OWNER TO {role}_two");
  line_.write(
      "migrations/1_two.yaml",
      "operations:\n"
      "  - add_column: {table: shop.orders, column: a, type: text}\n"
      "  - add_column: {table: shop.customers, column: a, type: text}\n");
  const std::string before = dump();
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("[rights.many-owners]"));
  EXPECT_EQ(dump(), before);
  const std::string inherit =
      database_.session()->server_version_num() < 160000
          ? "ALTER ROLE {role} INHERIT"
          : "GRANT {owner}, {role}_two TO {role} WITH INHERIT TRUE";
  exec(inherit);
  expect_ok({"apply", "--through", "contract"});
}

TEST_F(Rights, NoCreateOnTheDatabaseIsNamed) {
  exec(
      "GRANT {owner} TO {role};"
      "REVOKE CREATE ON DATABASE {database} FROM {role}");
  expect_refused("state.may-not-create",
                 fmt::format(R"(GRANT CREATE ON DATABASE "{}" TO "{}")",
                             database_.name(), role_));
}

TEST_F(Rights, AnAdministratorMayMakeTheStateSchema) {
  exec(
      "GRANT {owner} TO {role};"
      "REVOKE CREATE ON DATABASE {database} FROM {role}");
  expect_refused(
      "state.may-not-create",
      fmt::format(R"(CREATE SCHEMA "pgexpand" AUTHORIZATION "{}")", role_));
}

TEST_F(Rights, NoMembershipInTheOwnerIsNamed) {
  exec(
      "GRANT USAGE ON SCHEMA shop TO {role}; "
      "GRANT ALL ON ALL TABLES IN SCHEMA shop TO {role}");
  expect_refused("rights.not-owner",
                 fmt::format(R"(GRANT "{}" TO "{}")", owner_, role_));
}

TEST_F(Rights, AForeignStateSchemaIsNamed) {
  exec("GRANT {owner} TO {role}; CREATE SCHEMA pgexpand");
  add_column();
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, AllOf(HasSubstr("[state.foreign-schema]"),
                               HasSubstr(R"(GRANT "postgres" TO ")" + role_)));
}

TEST_F(Rights, AnOwnerWithoutAnyRightOnTheSchemaIsTold) {
  exec(
      "GRANT {owner} TO {role}; ALTER SCHEMA shop OWNER TO postgres;"
      "GRANT CREATE ON SCHEMA shop TO {role}");
  expect_refused("rights.schema", grant_on_shop("USAGE"));
}

// On 15 and later nobody but its owner may create anything in schema public.
TEST_F(Rights, AnIndexNeedsCreateOnTheSchema) {
  exec(
      "GRANT {owner} TO {role}; ALTER SCHEMA shop OWNER TO postgres;"
      "GRANT USAGE ON SCHEMA shop TO {owner}");
  expect_refused("rights.schema", grant_on_shop("CREATE"));
}

TEST_F(Rights, WithoutAnIndexNoCreateOnTheSchemaIsNeeded) {
  exec(
      "GRANT {owner} TO {role}; ALTER SCHEMA shop OWNER TO postgres;"
      "GRANT USAGE ON SCHEMA shop TO {owner}");
  write_spec(
      "1_plain", "add_column",
      {"table: shop.orders", "column: c1", "type: text", "up: upper(status)"});
  expect_ok({"apply"});
  expect_ok({"rollback", "1_plain"});
  expect_ok({"apply", "--through", "contract"});
}

TEST_F(Rights, ATableThatIsReferredToMustBeOursToo) {
  exec(
      "GRANT {owner} TO {role}; ALTER TABLE shop.customers OWNER TO postgres;"
      "GRANT REFERENCES ON shop.customers TO {owner}");
  write_spec("1_reference", "add_column",
             {"table: shop.orders", "column: c1", "type: integer",
              "up: customer", "references: {table: shop.customers}"});
  const std::string before = dump();
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  EXPECT_THAT(line_.err, AllOf(HasSubstr("[rights.not-owner]"),
                               HasSubstr(R"(GRANT "postgres" TO ")" + role_)));
  EXPECT_EQ(dump(), before);
}

TEST_F(Rights, ATableThatRefersToOursMustBeOursToo) {
  exec(
      "GRANT {owner} TO {role}; CREATE ROLE {role}_two;"
      "GRANT USAGE ON SCHEMA shop TO {role}_two;"
      "ALTER TABLE shop.orders OWNER TO {role}_two");
  write_spec("1_type", "alter_column",
             {"table: shop.customers", "column: id", "type: bigint"});
  const std::string before = dump();
  EXPECT_EQ(run({"apply"}), 7) << line_.err;
  const auto grant = fmt::format(R"(GRANT "{0}_two" TO "{0}")", role_);
  EXPECT_THAT(line_.err,
              AllOf(HasSubstr("[rights.not-owner]"), HasSubstr(grant)));
  EXPECT_EQ(dump(), before);
  exec(grant);
  expect_ok({"apply", "--through", "contract"});
}

// The application's role has rights on its table, and none on our schema.
TEST_F(Rights, AnApplicationRoleWritesThroughTheTrigger) {
  exec(
      "GRANT {owner} TO {role}; CREATE ROLE {role}_app;"
      "GRANT USAGE ON SCHEMA shop TO {role}_app;"
      "GRANT SELECT, INSERT, UPDATE ON shop.orders TO {role}_app");
  write_spec("1_number", "add_column",
             {"table: shop.orders", "column: n", "type: integer",
              "up: right(status, 1)::integer"});
  expect_ok({"apply", "--through", "verify"});
  exec(
      "SET ROLE {role}_app; UPDATE shop.orders SET status = 'at 7' WHERE"
      " id = 3; UPDATE shop.orders SET status = 'not a number' WHERE id = 4;"
      "INSERT INTO shop.orders VALUES (31, 'at 8')");
  EXPECT_EQ(one("SELECT string_agg(coalesce(n::text, '-'), '' ORDER BY id)"
                " FROM shop.orders WHERE id IN (3, 4, 31)"),
            "7-8");
  EXPECT_EQ(one("SELECT key FROM pgexpand.quarantine"), "4");
}

}  // namespace
}  // namespace pgexpand::testing
