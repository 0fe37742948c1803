// A full disk in the middle of a backfill: it stops with 1, keeps what it has
// done, and the same command goes on when there is room.
#include "integration/flow.hpp"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

namespace pgexpand::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

/// A small disk in memory. `why_not` says why there is none: that takes root.
class SmallDisk {
 public:
  explicit SmallDisk(const std::string& megabytes) {
    std::string pattern =
        (std::filesystem::temp_directory_path() / "pgexpand_disk_XXXXXX")
            .string();
    path = mkdtemp(pattern.data());
    chmod(path.c_str(), S_IRWXU | S_IRWXG | S_IRWXO);
    if (mount("tmpfs", path.c_str(), "tmpfs", 0,
              ("size=" + megabytes + "m,mode=0777").c_str()) != 0) {
      why_not = std::string("cannot mount a tmpfs: ") + std::strerror(errno);
    }
  }
  ~SmallDisk() {
    if (why_not.empty()) umount2(path.c_str(), MNT_DETACH);
    std::error_code ignored;
    std::filesystem::remove(path, ignored);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void resize(const std::string& megabytes) const {
    ASSERT_EQ(mount("tmpfs", path.c_str(), "tmpfs", MS_REMOUNT,
                    ("size=" + megabytes + "m").c_str()),
              0);
  }

  std::string path;
  std::string why_not;
};

class FullDisk : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!disk_.why_not.empty()) GTEST_SKIP() << disk_.why_not;
  }

  void write_spec() const {
    line_.write("migrations/1_column.yaml",
                "operations:\n  - add_column:\n      table: orders\n"
                "      column: c\n      type: text\n"
                "      up: repeat(status, 10)\n");
  }
  int run(std::vector<std::string> words) {
    words.insert(words.end(), {"--pause", "0ms", "--batch-rows", "1000"});
    return line_.run(words);
  }

  SmallDisk disk_{"16"};
  cli::CommandLine line_;
};

constexpr const char* table =
    "CREATE TABLE orders (id bigint PRIMARY KEY, status text) {};"
    "INSERT INTO orders SELECT g, 'status ' || g FROM generate_series(1, {}) g;"
    "ANALYZE orders;";

TEST_F(FullDisk, OfTheTableStopsTheBackfillAndItGoesOn) {
  struct stat server {};
  ASSERT_EQ(stat(shared_server().folder().c_str(), &server), 0);
  const std::string folder = disk_.path + "/space";
  mkdir(folder.c_str(), S_IRWXU);
  ASSERT_EQ(chown(folder.c_str(), server.st_uid, server.st_gid), 0);
  TestDatabase database;
  database.exec(fmt::format("CREATE TABLESPACE small LOCATION '{}'", folder));
  database.exec(fmt::format(table, "TABLESPACE small", 120'000));
  line_.variables["PGEXPAND_DSN"] = database.dsn();
  write_spec();

  EXPECT_EQ(run({"apply"}), 1) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("53100"));
  const auto filled = std::stoi(
      database.query_one("SELECT count(c) FROM orders").value_or("0"));
  EXPECT_GT(filled, 0);
  EXPECT_LT(filled, 120'000);
  EXPECT_EQ(database.query_one("SELECT sum(rows) FROM pgexpand.progress"),
            std::to_string(filled));
  EXPECT_EQ(database.query_one("SELECT count(*) FROM pgexpand.quarantine"),
            "0");
  EXPECT_EQ(run({"status"}), 0) << line_.err;

  disk_.resize("200");
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
  EXPECT_EQ(database.query_one("SELECT count(*) FROM orders WHERE c ="
                               " repeat(status, 10)"),
            "120000");
  database.exec("DROP TABLE orders; DROP TABLESPACE small");
}

/// Data, state and WAL on one disk: the server itself may go down.
TEST_F(FullDisk, OfTheWholeServerIsContinuedFromAfterACrash) {
  disk_.resize("160");
  const char* before = getenv("TMPDIR");
  const std::string kept = before == nullptr ? "/tmp" : before;
  setenv("TMPDIR", disk_.path.c_str(), 1);
  sandbox::Sandbox server(
      {.settings = {"max_wal_size = 32MB", "min_wal_size = 32MB",
                    "restart_after_crash = off"},
       .fast_and_unsafe = true});
  setenv("TMPDIR", kept.c_str(), 1);
  ASSERT_THAT(server.folder(), HasSubstr(disk_.path));
  const auto exec = [&](const std::string& sql) {
    const auto session = pg::connect({.dsn = server.dsn()}).session;
    session->run(sql::Statement::verbatim("SET search_path = public"));
    return session->run(sql::Statement::verbatim(sql));
  };
  exec("CREATE TABLE orders (id bigint PRIMARY KEY, status text)");
  exec(
      "INSERT INTO orders SELECT g, 'status ' || g"
      " FROM generate_series(1, 60000) g");
  line_.variables["PGEXPAND_DSN"] = server.dsn();
  write_spec();
  ASSERT_EQ(run({"apply", "--through", "expand"}), 0) << line_.err;
  exec("CHECKPOINT");
  const auto room = std::filesystem::space(disk_.path).available;
  constexpr std::uintmax_t left = 4 << 20;
  std::filesystem::path ballast = disk_.path + "/ballast";
  std::ofstream(ballast) << std::string(room - left, 'x');

  EXPECT_THAT(run({"apply"}), AnyOf(1, 3)) << line_.err;

  std::filesystem::remove(ballast);
  server.crash_and_restart();
  EXPECT_EQ(run({"apply", "--through", "contract"}), 0) << line_.err;
  EXPECT_EQ(
      exec("SELECT count(*) FROM orders WHERE c = repeat(status, 10)").single(),
      "60000");
}

}  // namespace
}  // namespace pgexpand::testing
