#include "pgexpand/sandbox/sandbox.hpp"

#include "pgexpand/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

namespace pgexpand::sandbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

Options fast() {
  Options options;
  options.fast_and_unsafe = true;
  return options;
}

pid_t server_of(const std::string& folder) {
  std::ifstream file(folder + "/data/postmaster.pid");
  pid_t pid = -1;
  file >> pid;
  return pid;
}

bool is_alive(pid_t process) {
  if (kill(process, 0) != 0) return false;
  std::ifstream file("/proc/" + std::to_string(process) + "/stat");
  std::string pid, name, state;
  file >> pid >> name >> state;
  return state != "Z";  // whoever inherited it may not have reaped it yet
}

template <typename Condition>
bool comes_true(Condition condition) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (condition()) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

int run(const std::string& script) {
  return run_command(fast(), {"/bin/sh", "-c", script});
}

/// Well before initdb is done.
void raise_soon(int signal_number) {
  const pid_t target = getpid();
  if (fork() != 0) return;
  std::this_thread::sleep_for(100ms);
  kill(target, signal_number);
  _exit(0);
}

class SandboxTest : public ::testing::Test {
 protected:
  void TearDown() override { fs::remove_all(scratch_); }

  /// A file for a child to write to.
  std::string scratch(const std::string& name) { return scratch_ / name; }

  std::string read(const std::string& name) {
    std::ifstream file(scratch(name));
    std::string line;
    std::getline(file, line);
    return line;
  }

 private:
  static fs::path make_scratch() {
    std::string path = "/tmp/sandbox_test-XXXXXX";
    return mkdtemp(path.data());
  }

  fs::path scratch_ = make_scratch();
};

TEST_F(SandboxTest, TheDestructorStopsTheServerAndDeletesEverything) {
  auto sandbox = std::make_unique<Sandbox>(fast());
  const std::string folder = sandbox->folder();
  const pid_t server = server_of(folder);
  ASSERT_TRUE(fs::exists(folder + "/.s.PGSQL.5432"));
  ASSERT_TRUE(is_alive(server));
  sandbox.reset();
  EXPECT_FALSE(is_alive(server));
  EXPECT_FALSE(fs::exists(folder));
}

TEST_F(SandboxTest, TheFolderIsClosedToOthersAndItsSocketPathFits) {
  const Sandbox sandbox(fast());
  const auto permissions = fs::status(sandbox.folder()).permissions();
  EXPECT_EQ(permissions, fs::perms::owner_all);
  EXPECT_LE((sandbox.folder() + "/.s.PGSQL.5432").size(), 107U);
}

TEST_F(SandboxTest, TheSettingsReachTheServer) {
  Options options = fast();
  options.settings = {"max_connections = 7"};
  const Sandbox sandbox(options);
  std::ifstream file(sandbox.folder() + "/data/postgresql.conf");
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_THAT(text, HasSubstr("\nmax_connections = 7\n"));
  EXPECT_THAT(text, HasSubstr("\nlisten_addresses = ''\n"));
}

TEST_F(SandboxTest, ACrashedServerComesBack) {
  Sandbox sandbox(fast());
  const pid_t before = server_of(sandbox.folder());
  sandbox.crash_and_restart();
  EXPECT_FALSE(is_alive(before));
  EXPECT_TRUE(is_alive(server_of(sandbox.folder())));
}

TEST_F(SandboxTest, AServerThatDoesNotStartShowsItsLog) {
  Options options = fast();
  options.settings = {"shared_buffers = 'plenty'"};
  try {
    const Sandbox sandbox(options);
    FAIL() << "it started";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "sandbox.no-start");
    EXPECT_THAT(error.detail(), HasSubstr("plenty"));
  }
}

TEST_F(SandboxTest, TheCommandsExitCodeIsReturned) {
  EXPECT_EQ(run("exit 0"), 0);
  EXPECT_EQ(run("exit 42"), 42);
  EXPECT_EQ(run("kill -TERM $$"), 128 + SIGTERM);
}

TEST_F(SandboxTest, AMissingCommandIsAUsageError) {
  try {
    std::ignore = run_command(fast(), {"/no/such/command"});
    FAIL() << "it ran";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), "sandbox.no-command");
    EXPECT_THAT(error.message(), HasSubstr("/no/such/command"));
  }
}

TEST_F(SandboxTest, TheCommandSeesTheServerAndNoOtherOne) {
  setenv("PGSERVICE", "production", 1);
  const int code =
      run("test -S \"$PGHOST/.s.PGSQL.$PGPORT\" && test \"$PGUSER\" = postgres "
          "&& test \"$PGDATABASE\" = postgres && test -z \"$PGSERVICE\" "
          "&& test -n \"$PGEXPAND_DSN\" && test -x \"${PATH%%:*}/initdb\"");
  unsetenv("PGSERVICE");
  EXPECT_EQ(code, 0);
}

TEST_F(SandboxTest, ASignalIsPassedOnToTheCommand) {
  const std::string script = "trap 'exit 9' TERM; echo $PGHOST > " +
                             scratch("host") + "; while :; do sleep 0.1; done";
  const pid_t child = fork();
  if (child == 0) _exit(run(script));
  ASSERT_TRUE(comes_true([&] { return !read("host").empty(); }));
  kill(child, SIGTERM);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 9);
  EXPECT_FALSE(fs::exists(read("host")));
}

TEST_F(SandboxTest, ASignalWhileTheServerStartsIsNotLost) {
  const pid_t child = fork();
  if (child == 0) {
    signal(SIGTERM, [](int) {});  // as a program with a handler of its own
    raise_soon(SIGTERM);
    _exit(run("sleep 60"));
  }
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 128 + SIGTERM);
}

TEST_F(SandboxTest, AKilledRunLeavesNeitherServerNorFolder) {
  const pid_t child = fork();
  if (child == 0) {
    const Sandbox sandbox(fast());
    std::ofstream(scratch("folder")) << sandbox.folder() << std::endl;
    pause();
  }
  ASSERT_TRUE(comes_true([&] { return !read("folder").empty(); }));
  const std::string folder = read("folder");
  const pid_t server = server_of(folder);
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(comes_true([&] { return !is_alive(server); }));
  EXPECT_TRUE(comes_true([&] { return !fs::exists(folder); }));
}

}  // namespace
}  // namespace pgexpand::sandbox
