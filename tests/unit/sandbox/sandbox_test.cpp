#include "pgexpand/sandbox/sandbox.hpp"

#include "pgexpand/base/error.hpp"
#include "sandbox/folder.hpp"
#include "sandbox/process.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace pgexpand::sandbox {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

Spawn command(const std::string& program) {
  Spawn result;
  result.command = {program};
  result.folder = "/";
  result.log = "/dev/null";
  return result;
}

bool is_gone_soon(const std::string& folder) {
  for (int tries = 0; tries < 1000; ++tries) {
    if (!fs::exists(folder)) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(FolderTest, ItIsPrivateAndDeletedWithTheObject) {
  auto folder = std::make_unique<Folder>(std::nullopt);
  const std::string path = folder->path();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  folder.reset();
  EXPECT_FALSE(fs::exists(path));
}

TEST(FolderTest, ItIsDeletedWhenItsOwnerIsKilled) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t owner = fork();
  if (owner == 0) {
    const Folder folder(std::nullopt);
    const auto& path = folder.path();
    if (write(ends[1], path.c_str(), path.size() + 1) > 0) pause();
    _exit(1);
  }
  char path[200] = "";
  ASSERT_GT(read(ends[0], path, sizeof path - 1), 0);
  EXPECT_TRUE(fs::exists(path));
  kill(owner, SIGKILL);
  waitpid(owner, nullptr, 0);
  EXPECT_TRUE(is_gone_soon(path));
}

TEST(FolderTest, ATemporaryFolderWithALongNameIsNotUsed) {
  const Folder outer(std::nullopt);
  const std::string long_name = outer.path() + "/" + std::string(60, 'x');
  fs::create_directory(long_name);
  setenv("TMPDIR", long_name.c_str(), 1);
  const Folder folder(std::nullopt);
  unsetenv("TMPDIR");
  EXPECT_TRUE(folder.path().starts_with("/tmp/pgexpand-"));
}

TEST(ProcessTest, TheEndOfAChildIsToldAsAShellDoes) {
  EXPECT_EQ(wait_for(spawn(command("/bin/true")), 10s), 0);
  EXPECT_EQ(wait_for(spawn(command("/bin/false")), 10s), 1);
  EXPECT_EQ(wait_for(spawn(command("/no/such/program")), 10s), 127);
}

TEST(ProcessTest, AChildThatStillRunsHasNoExitCode) {
  auto sleep = command("/bin/sleep");
  sleep.command.emplace_back("60");
  const pid_t child = spawn(sleep);
  EXPECT_EQ(wait_for(child, 0ms), std::nullopt);
  kill(child, SIGTERM);
  EXPECT_EQ(wait_for(child, 10s), 128 + SIGTERM);
}

TEST(BindirTest, AFolderWithoutServerProgramsIsNotTaken) {
  setenv("PGEXPAND_PG_BINDIR", "/", 1);
  EXPECT_EQ(find_bindir(), "");
  EXPECT_THROW(Sandbox{}, Error);
  unsetenv("PGEXPAND_PG_BINDIR");
  const auto found = find_bindir();
  EXPECT_TRUE(found.empty() || fs::exists(found + "/initdb"));
}

}  // namespace
}  // namespace pgexpand::sandbox
