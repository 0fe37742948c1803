// No part of a connection string that could be a password is ever shown or
// stored, however wrong the string is.
#include "integration/flow.hpp"
#include "places.hpp"

#include <fmt/format.h>

#include <fstream>
#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Text that a password of ours, or a piece of it that was torn off by a wrong
/// quote or a stray `@`, always contains.
constexpr std::array marks{"hunter", "Tr0ub4dor"};
const std::string plain = "hunter2Tr0ub4dor";
const std::string special = "hunter@2/:?# 'Tr0ub4dor&3%";

class Secrets : public Flow {
 protected:
  Secrets() {
    require_password();
    database_.exec(fmt::format(
        "CREATE ROLE {0} LOGIN SUPERUSER PASSWORD '{1}';"
        "CREATE TABLE orders (id bigint PRIMARY KEY, status text);"
        "INSERT INTO orders SELECT g, 's' FROM generate_series(1, 9) AS g;",
        role_, plain));
    write_spec("1_column", "add_column",
               {"table: orders", "column: c1", "type: text", "up: status"});
  }
  ~Secrets() override { set_rules(rules_); }

  [[nodiscard]] static std::string rules_file() {
    return shared_server().folder() + "/data/pg_hba.conf";
  }
  void set_rules(const std::string& rules) {
    std::ofstream(rules_file()) << rules;
    database_.query("SELECT pg_reload_conf()");
  }
  void require_password() {
    std::ostringstream text;
    text << std::ifstream(rules_file()).rdbuf();
    rules_ = text.str();
    set_rules(fmt::format("local all {} scram-sha-256\n", role_) + rules_);
    // The server reads the file some time after the call.
    for (int attempt = 0; attempt < 100 && is_let_in(); ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  }
  [[nodiscard]] bool is_let_in() {
    database_.exec(fmt::format(
        "DO $$BEGIN CREATE ROLE {} LOGIN; EXCEPTION WHEN duplicate_object THEN"
        " NULL; END$$",
        role_));
    const bool is_in =
        run_process({server_program("psql"), "--no-password", "-c", "SELECT 1",
                     "-d", keywords("user=" + role_)})
            .exit_code == 0;
    database_.exec("DROP ROLE " + role_);
    return is_in;
  }

  [[nodiscard]] std::string keywords(const std::string& rest) const {
    return fmt::format("host={} port=5432 dbname={} {}",
                       shared_server().folder(), database_.name(), rest);
  }
  /// postgresql://<userinfo>@<socket folder>/<database><rest>
  [[nodiscard]] std::string uri(const std::string& userinfo,
                                const std::string& rest = "") const {
    std::string folder;
    for (const char byte : shared_server().folder()) {
      folder += byte == '/' ? "%2F" : std::string(1, byte);
    }
    return fmt::format("postgresql://{}@{}:5432/{}{}", userinfo, folder,
                       database_.name(), rest);
  }

  static void expect_no_secret(const std::string& text) {
    for (const std::string mark : marks) {
      EXPECT_THAT(text, Not(HasSubstr(mark)));
    }
  }

  /// Runs `command` in all its output forms; returns the last exit code.
  int expect_silent(const std::vector<std::string>& command) {
    run_verbose(command);
    auto json = command;
    json.insert(json.end(), {"-o", "json", "--show-data"});
    int code = 0;
    for (const auto& words : {command, json}) {
      code = run(words);
      expect_no_secret(line_.out);
      expect_no_secret(line_.err);
    }
    return code;
  }

  /// In the real program, for the log goes to its stderr.
  void run_verbose(const std::vector<std::string>& command) {
    const auto dsn = line_.variables.find("PGEXPAND_DSN");
    Arguments words{"env", "--chdir=" + line_.folder().string(),
                    dsn == line_.variables.end()
                        ? "--unset=PGEXPAND_DSN"
                        : "PGEXPAND_DSN=" + dsn->second,
                    testing::shipped_program()};
    words.insert(words.end(), command.begin(), command.end());
    words.emplace_back("--verbose");
    const auto ran = run_process(words);
    expect_no_secret(ran.out);
    expect_no_secret(ran.err);
  }

  void set_password(const std::string& password) {
    database_.query(fmt::format("ALTER ROLE {} PASSWORD {}", role_,
                                sql::quote_literal(password)));
  }

  [[nodiscard]] std::string stored_state() const {
    return run_process({server_program("pg_dump"), "--schema=pgexpand",
                        "--dbname=" + database_.dsn()})
        .out;
  }

  std::string role_ = database_.name() + "_secret";
  std::string rules_;
};

TEST_F(Secrets, AGoodStringLeavesNoTrace) {
  line_.variables["PGEXPAND_DSN"] =
      keywords(fmt::format("user={} password={}", role_, plain));
  EXPECT_EQ(expect_silent({"plan"}), 0);
  EXPECT_EQ(expect_silent({"config"}), 0);
  EXPECT_EQ(expect_silent({"init", "--print-sql"}), 0);
  EXPECT_EQ(expect_silent({"apply"}), 0) << line_.err;
  line_.variables["PGEXPAND_DSN"] = uri(role_ + ":" + plain);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"status"},
        {"history"},
        {"pause", "1_column"},
        {"resume", "1_column"},
        {"verify", "1_column"},
        {"contract"}}) {
    EXPECT_EQ(expect_silent(command), 0) << line_.err << line_.out;
  }
  EXPECT_THAT(stored_state(), HasSubstr("1_column"));
  expect_no_secret(stored_state());
}

TEST_F(Secrets, SpecialCharactersInAGoodStringLeaveNoTrace) {
  set_password(special);
  line_.variables["PGEXPAND_DSN"] = keywords(
      fmt::format("user={} password='hunter@2/:?# \\'Tr0ub4dor&3%'", role_));
  EXPECT_EQ(expect_silent({"apply"}), 0) << line_.err;
  line_.variables["PGEXPAND_DSN"] =
      uri(role_ + ":hunter%402%2F%3A%3F%23%20%27Tr0ub4dor%263%25");
  EXPECT_EQ(expect_silent({"contract"}), 0) << line_.err;
  expect_no_secret(stored_state());
}

TEST_F(Secrets, APasswordOfTheEnvironmentLeavesNoTrace) {
  const auto ran = run_pgexpand(
      {"plan", "--verbose", "--dir", (line_.folder() / "migrations").string()},
      {"PGEXPAND_DSN=" + keywords("user=" + role_), "PGPASSWORD=" + plain});
  EXPECT_EQ(ran.exit_code, 0) << ran.err;
  expect_no_secret(ran.out + ran.err);
}

TEST_F(Secrets, AConnectionThatIsRefusedNamesNoSecret) {
  const std::string user = "user=" + role_;
  const std::vector<std::string> refused{
      keywords(user + " password=not-" + plain),
      keywords("user=nobody password=" + plain),
      keywords(user + " password=" + plain + " dbname=nowhere"),
      keywords(user + " password=" + plain + " port=1"),
      keywords(user + " password=" + plain + " host=/nowhere"),
      keywords(user + " password=" + plain + " host=127.0.0.1"),
      keywords(user + " password=" + plain + " options='-c nothing=1'"),
      uri(role_ + ":not" + plain),
      uri("nobody:" + plain),
      uri(role_, "?password=not" + plain),
      uri(role_ + ":" + plain, "?port=1"),
      "postgresql://" + role_ + ":" + plain + "@localhost:1/nowhere",
      "postgresql://" + role_ + ":" + plain + "@no.such.host.invalid/nowhere",
  };
  for (const std::string& dsn : refused) {
    SCOPED_TRACE(dsn);
    line_.variables["PGEXPAND_DSN"] = dsn;
    EXPECT_EQ(expect_silent({"apply"}), 3) << line_.err;
    EXPECT_EQ(expect_silent({"config"}), 0) << line_.err;
  }
}

// Whatever libpq makes of it: a piece of the password may be taken for a host,
// a port, a database or a keyword, and would then be echoed.
TEST_F(Secrets, AStringThatIsMisreadNamesNoSecret) {
  const std::string user = "user=" + role_;
  const std::vector<std::string> misread{
      keywords(user + " password=hunter 2Tr0ub4dor"),
      keywords(user + " password='" + plain),
      keywords(user + " password=hunter' Tr0ub4dor"),
      keywords(user + " passwort=" + plain),
      keywords(user + " password " + plain),
      keywords(user + " password=x Tr0ub4dor=hunter"),
      keywords(user + ";password=" + plain),
      "host:" + plain,
      plain,
      role_ + ":" + plain + "@localhost/nowhere",
      "postgres:" + role_ + ":" + plain + "@localhost/nowhere",
      "mysql://" + role_ + ":" + plain + "@localhost/nowhere",
      "jdbc:postgresql://localhost/nowhere?password=" + plain,
      "POSTGRESQL://" + role_ + ":" + plain + "@localhost/nowhere",
      uri(role_ + ":" + special),
      uri(role_ + ":hunter@Tr0ub4dor"),
      uri(role_ + ":hunter/Tr0ub4dor"),
      uri(role_ + ":hunter:Tr0ub4dor"),
      uri(role_ + ":hunter?Tr0ub4dor"),
      uri(role_ + ":hunter#Tr0ub4dor"),
      uri(role_ + ":hunter%Tr0ub4dor"),
      uri(role_ + ":hunter[Tr0ub4dor"),
      uri(role_ + ":hunter Tr0ub4dor"),
      uri(role_ + ":/hunter@Tr0ub4dor"),
      uri("hunter/" + role_ + ":Tr0ub4dor"),
      uri(role_, "?passwort=" + plain),
      uri(role_, "?password=hunter&Tr0ub4dor"),
      uri(role_, "?port=hunter&dbname=Tr0ub4dor"),
      uri(role_ + ":" + plain + "@localhost:Tr0ub4dor/x"),
      "postgresql://" + role_ + ":" + plain,
      "postgresql://:" + plain + "/nowhere",
  };
  for (const std::string& dsn : misread) {
    SCOPED_TRACE(dsn);
    line_.variables["PGEXPAND_DSN"] = dsn;
    EXPECT_THAT(expect_silent({"apply"}), ::testing::AnyOf(2, 3)) << line_.err;
    EXPECT_EQ(expect_silent({"config"}), 0) << line_.err;
    line_.variables.erase("PGEXPAND_DSN");
    EXPECT_THAT(expect_silent({"status", "--dsn", dsn}),
                ::testing::AnyOf(2, 3));
  }
}

TEST_F(Secrets, AStringInTheConfigurationFileNamesNoSecret) {
  line_.variables.erase("PGEXPAND_DSN");
  for (const std::string& text :
       {"dsn: postgresql://u:" + plain + "@localhost:1/x\n",
        "dsn: [postgresql://u:" + plain + "@localhost:1/x]\n",
        "dsn: {password: " + plain + "}\n",
        "dsn: \"postgresql://u:" + plain + "@localhost:1/x\n",
        "dns: postgresql://u:" + plain + "@localhost:1/x\n",
        "password: " + plain + "\n",
        "dsn: postgresql://u:" + plain + "@localhost:1/x: y\n"}) {
    SCOPED_TRACE(text);
    line_.write("pgexpand.yaml", text);
    EXPECT_THAT(expect_silent({"apply"}), ::testing::AnyOf(2, 3)) << line_.err;
    expect_silent({"config"});
  }
}

// The password is typed where something else belongs.
TEST_F(Secrets, ADsnWhereAWordBelongsIsNotEchoed) {
  const std::string dsn = uri(role_ + ":" + plain);
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"apply", dsn},
        {"status", dsn},
        {"plan", dsn},
        {dsn},
        {"apply", "--dns=" + dsn},
        {"apply", "--env", dsn},
        {"apply", "--wait-lock", dsn}}) {
    SCOPED_TRACE(command.back());
    EXPECT_EQ(expect_silent(command), 2) << line_.err;
  }
}

}  // namespace
}  // namespace pgexpand::testing
