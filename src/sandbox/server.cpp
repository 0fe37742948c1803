#include "sandbox/server.hpp"

#include "pgexpand/base/error.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>

#include <chrono>
#include <deque>
#include <fstream>
#include <string_view>

namespace pgexpand::sandbox {

namespace {

using namespace std::chrono_literals;

constexpr auto start_limit = 60s;
constexpr auto fast_stop_limit = 10s;
constexpr std::size_t log_lines_shown = 15;

constexpr std::string_view always_set = R"(
listen_addresses = ''
port = 5432
unix_socket_permissions = 0700
shared_buffers = '128MB'
log_checkpoints = off
)";

/// A crash of the machine may lose everything: nobody wants it back. A crash of
/// the server must lose nothing, so synchronous_commit stays on.
constexpr std::string_view unsafe_settings = R"(
fsync = off
full_page_writes = off
)";

/// The pid file's status line, padded with blanks by the server.
constexpr int status_line = 8;

}  // namespace

Server::Server(const std::string& folder,
               const std::string& bindir,
               const std::optional<User>& user,
               const Options& options)
    : folder_(folder), bindir_(bindir), user_(user) {
  initialize();
  configure(options);
}

Server::~Server() { stop(); }

Spawn Server::spawn_of(std::vector<std::string> command) const {
  Spawn result;
  result.command = std::move(command);
  result.folder = folder_;
  result.log = folder_ + "/server.log";
  result.user = user_;
  return result;
}

void Server::initialize() {
  // No locale of the machine: the same order of text everywhere.
  auto initdb = spawn_of({bindir_ + "/initdb", "--pgdata=" + folder_ + "/data",
                          "--username=postgres", "--auth=trust",
                          "--encoding=UTF8", "--locale=C", "--no-sync"});
  initdb.death_signal = SIGKILL;
  const auto code = wait_for(spawn(initdb), start_limit);
  if (code != 0) {
    throw Error(ErrorKind::database, "sandbox.no-initdb",
                fmt::format("initdb in {} did not succeed", folder_))
        .detail(log_end());
  }
}

void Server::configure(const Options& options) const {
  std::ofstream file(folder_ + "/data/postgresql.conf", std::ios::app);
  file << always_set << "unix_socket_directories = '" << folder_ << "'\n";
  if (options.fast_and_unsafe) file << unsafe_settings;
  for (const auto& line : options.settings) file << line << "\n";
}

void Server::start() {
  auto postgres = spawn_of({bindir_ + "/postgres", "-D", folder_ + "/data"});
  postgres.death_signal = SIGQUIT;
  process_ = spawn(postgres);
  const auto deadline = std::chrono::steady_clock::now() + start_limit;
  while (!is_ready()) {
    const bool ended = wait_for(process_, 20ms).has_value();
    if (ended) process_ = -1;
    if (ended || std::chrono::steady_clock::now() > deadline) {
      throw Error(ErrorKind::database, "sandbox.no-start",
                  fmt::format("the server in {} did not start", folder_))
          .detail(log_end());
    }
  }
}

bool Server::is_ready() const {
  std::ifstream file(folder_ + "/data/postmaster.pid");
  std::string line;
  int number = 0;
  while (std::getline(file, line)) {
    if (++number == 1 && line != std::to_string(process_)) return false;
    if (number == status_line) return line.starts_with("ready");
  }
  return false;
}

void Server::stop() noexcept {
  if (process_ < 0) return;
  for (const int signal : {SIGINT, SIGQUIT, SIGKILL}) {
    ::kill(process_, signal);
    if (wait_for(process_, fast_stop_limit)) break;
  }
  process_ = -1;
}

void Server::crash() {
  ::kill(process_, SIGQUIT);
  stop();
}

std::string Server::log_end() const {
  std::ifstream file(folder_ + "/server.log");
  std::deque<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    lines.push_back(line);
    if (lines.size() > log_lines_shown) lines.pop_front();
  }
  return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace pgexpand::sandbox
