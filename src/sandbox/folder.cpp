#include "sandbox/folder.hpp"

#include "pgexpand/base/error.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace pgexpand::sandbox {

namespace {

namespace fs = std::filesystem;

/// A shell, so that the guard shares no memory and no code with what it
/// guards. It waits for the pipe's end on stdin; $1 is the folder. A process of
/// initdb notes its pid with a minus sign. Deleting is tried again, because an
/// initdb that dies with us may still be writing.
constexpr const char* guard_script = R"(
read -r never
pid_file=$1/data/postmaster.pid
if read -r pid < "$pid_file"; then kill -QUIT "${pid#-}"; fi
tries=0
while [ -e "$pid_file" ] && [ $tries -lt 60 ]; do
  tries=$((tries + 1)); sleep 0.1
done
for attempt in 1 2 3 4 5; do
  rm -rf "$1" && break
  sleep 0.5
done
)";

/// What the socket's name and our folder's name need of the 107 bytes.
constexpr std::size_t longest_base = 60;

bool everyone_may_pass(fs::path path) {
  for (; path != path.root_path(); path = path.parent_path()) {
    const auto passable = fs::perms::others_exec;
    if ((fs::status(path).permissions() & passable) == fs::perms::none) {
      return false;
    }
  }
  return true;
}

/// TMPDIR, if the socket's path stays short and `user` can get there.
std::string base_folder(const std::optional<User>& user) {
  const char* wanted = std::getenv("TMPDIR");
  if (wanted == nullptr) return "/tmp";
  std::error_code ignored;
  const auto path = fs::canonical(wanted, ignored);
  const bool fits = !path.empty() && path.native().size() <= longest_base;
  return fits && (!user || everyone_may_pass(path)) ? path.string() : "/tmp";
}

[[noreturn]] void run_guard(int pipe_end, const char* folder) {
  setsid();
  reset_signals();
  const int null = open("/dev/null", O_WRONLY);
  dup2(pipe_end, STDIN_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  execl("/bin/sh", "sh", "-c", guard_script, "guard", folder, nullptr);
  _exit(127);
}

Error cannot(const std::string& what) {
  return Error(ErrorKind::database, "sandbox.no-folder",
               fmt::format("cannot {}: {}", what, std::strerror(errno)))
      .hint("point TMPDIR at a folder with room that you may write to");
}

}  // namespace

Folder::Folder(const std::optional<User>& user)
    : path_(base_folder(user) + "/pgexpand-XXXXXX") {
  if (mkdtemp(path_.data()) == nullptr) throw cannot("create " + path_);
  start_guard();
  if (user && chown(path_.c_str(), user->uid, user->gid) != 0) {
    throw cannot("give " + path_ + " to user " + user->name);
  }
}

void Folder::start_guard() {
  int ends[2];
  // Close-on-exec: no child of ours may hold the lifeline open after us.
  if (pipe2(ends, O_CLOEXEC) != 0) throw cannot("watch over " + path_);
  guard_ = fork();
  if (guard_ == 0) run_guard(ends[0], path_.c_str());
  close(ends[0]);
  lifeline_ = ends[1];
  if (guard_ < 0) throw cannot("watch over " + path_);
}

Folder::~Folder() {
  close(lifeline_);
  while (waitpid(guard_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

}  // namespace pgexpand::sandbox
