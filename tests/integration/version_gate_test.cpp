// Contract looks who uses what it would drop: old versions, old names of the
// tables.
#include "version_users_fixture.hpp"

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class VersionGate : public VersionUsers {
 protected:
  void refuses(const std::string& id, const std::string& text) {
    EXPECT_EQ(run({"contract", id, "--lock-budget", "5s"}), 7)
        << line_.err << line_.out;
    EXPECT_THAT(line_.err,
                AllOf(HasSubstr("error[contract.old-version-in-use]"),
                      HasSubstr(text), HasSubstr("--force")));
  }
};

TEST_F(VersionGate, ATransactionInAnOldVersionIsListedUntilItEnds) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  use("SET search_path = public_1_note, public");
  use("BEGIN");
  use("SELECT status FROM orders");
  refuses("2_status",
          fmt::format("pid {} (shop, role ", application_->backend_pid()));
  EXPECT_THAT(line_.err, HasSubstr("uses public_1_note.orders"));
  EXPECT_EQ(schemas(), "public public_1_note public_2_status");
  use("COMMIT");
  contract("2_status");
  EXPECT_EQ(schemas(), "public public_2_status");
}

TEST_F(VersionGate, ATransactionInTheNewVersionIsInNobodysWay) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  use("SET search_path = public_2_status, public");
  use("SET lock_timeout = '60s'");
  use("BEGIN");
  use("SELECT state FROM orders");
  // It is waited for like anybody who has a lock, and not refused.
  EXPECT_EQ(run({"contract", "2_status", "--lock-budget", "1s"}), 4)
      << line_.err;
  EXPECT_THAT(line_.err, Not(HasSubstr("in-use")));
  use("COMMIT");
}

TEST_F(VersionGate, APreparedTransactionIsListedByItsName) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  use("BEGIN");
  use("INSERT INTO public_1_note.orders VALUES (1, 'n', 's')");
  use("PREPARE TRANSACTION 'forgotten'");
  refuses("2_status", "prepared transaction forgotten (role ");
  use("ROLLBACK PREPARED 'forgotten'");
  contract("2_status");
}

TEST_F(VersionGate, OneWhoUsesTheTablesOldNamesIsListed) {
  ASSERT_NO_FATAL_FAILURE(apply());
  use("BEGIN");
  use("SELECT id FROM other");
  use("SELECT note FROM orders");
  refuses("1_note", "uses public.orders");
  use("COMMIT");
  contract("1_note");
}

TEST_F(VersionGate, ATableThatKeepsItsColumnsIsFreeToUse) {
  write_spec("1_note", "add_column",
             {"table: orders", "column: extra", "type: integer"});
  ASSERT_NO_FATAL_FAILURE(apply());
  use("BEGIN");
  use("INSERT INTO orders (id) VALUES (1)");
  contract("1_note");
  use("COMMIT");
}

TEST_F(VersionGate, ADefaultThatNamesAnOldVersionIsListed) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  make_role();
  database_.exec(fmt::format(
      "ALTER ROLE {} SET search_path = public_1_note, public", role()));
  refuses("2_status", fmt::format("role {} begins with search_path "
                                  "public_1_note",
                                  role()));
  database_.exec(fmt::format(
      "ALTER ROLE {} SET search_path = public_2_status, public", role()));
  contract("2_status");
}

TEST_F(VersionGate, SessionsThatBeganWithSuchADefaultAreListed) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  database_.exec(
      fmt::format("ALTER DATABASE {} SET search_path = public_1_note, public",
                  database_.name()));
  refuses("2_status", fmt::format("pid {} (", application_->backend_pid()));
  EXPECT_THAT(line_.err, HasSubstr("by default has search_path public_1_note"));
  EXPECT_THAT(line_.err, HasSubstr("database " + database_.name()));
}

TEST_F(VersionGate, ForceOverrules) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  database_.exec(
      fmt::format("ALTER DATABASE {} SET search_path = public_1_note, public",
                  database_.name()));
  EXPECT_EQ(run({"contract", "2_status", "--force"}), 0) << line_.err;
  EXPECT_EQ(schemas(), "public public_2_status");
}

TEST_F(VersionGate, AnApplyThatGoesThroughContractIsRefusedToo) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  use("BEGIN");
  use("SELECT 1 FROM public_1_note.orders");
  EXPECT_EQ(run({"apply", "2_status", "--through", "contract"}), 7)
      << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("error[contract.old-version-in-use]"));
}

TEST_F(VersionGate, SoftTakesAccessAndRollbackSoftGivesItBack) {
  make_role();
  ASSERT_NO_FATAL_FAILURE(publish_two());
  const std::string old_code = "SELECT status FROM public_1_note.orders";
  database_.query("SET ROLE " + role());
  EXPECT_EQ(error_of(old_code), "no error");
  EXPECT_EQ(run({"contract", "2_status", "--soft"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("nobody may use the older versions"));
  EXPECT_EQ(error_of(old_code), "42501");
  EXPECT_EQ(error_of("SELECT state FROM public_2_status.orders"), "no error");
  EXPECT_EQ(run({"status"}), 0);
  EXPECT_THAT(line_.out, HasSubstr("nobody may use its version"));
  EXPECT_EQ(run({"rollback", "2_status", "--soft"}), 0) << line_.err;
  EXPECT_EQ(error_of(old_code), "no error");
  EXPECT_EQ(run({"status", "-o", "json"}), 0);
  EXPECT_THAT(line_.out, HasSubstr(R"("status":"switched")"));
  EXPECT_THAT(line_.out, Not(HasSubstr(R"("softened":true)")));
}

TEST_F(VersionGate, AFullRollbackGivesAccessBackAsWell) {
  make_role();
  ASSERT_NO_FATAL_FAILURE(publish_two());
  database_.query("SET ROLE " + role());
  EXPECT_EQ(run({"contract", "--soft"}), 0) << line_.err;
  EXPECT_EQ(error_of("SELECT status FROM public_1_note.orders"), "42501");
  EXPECT_EQ(run({"rollback", "2_status"}), 0) << line_.err;
  EXPECT_EQ(error_of("SELECT status FROM public_1_note.orders"), "no error");
}

TEST_F(VersionGate, ContractAfterSoftDropsTheOldVersion) {
  ASSERT_NO_FATAL_FAILURE(publish_two());
  EXPECT_EQ(run({"contract", "--soft"}), 0) << line_.err;
  EXPECT_EQ(run({"contract", "--soft"}), 0) << line_.err;
  contract("2_status");
  EXPECT_EQ(schemas(), "public public_2_status");
}

TEST_F(VersionGate, WithoutAnOlderVersionThereIsNothingToTakeAway) {
  ASSERT_NO_FATAL_FAILURE(apply());
  EXPECT_EQ(run({"contract", "1_note", "--soft"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[contract.no-older-version]"));
  EXPECT_EQ(run({"contract", "--soft"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("no version is published before"));
  EXPECT_EQ(run({"rollback", "1_note", "--soft"}), 0) << line_.err;
}

TEST_F(VersionGate, AMigrationWithoutVersionsHasNoSoftContract) {
  line_.write("pgexpand.yaml", "versions: none\n");
  write_spec("1_note", "add_column",
             {"table: orders", "column: extra", "type: integer"});
  ASSERT_NO_FATAL_FAILURE(apply());
  EXPECT_EQ(run({"contract", "1_note", "--soft"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("error[contract.no-version]"));
  EXPECT_EQ(run({"contract", "1_note", "--soft", "--force"}), 2);
}

}  // namespace
}  // namespace pgexpand::testing
