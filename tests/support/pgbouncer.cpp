#include "support/pgbouncer.hpp"

#include "support/server_user.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace pgexpand::testing {
namespace {

constexpr int port = 6432;  // in a folder of its own

// Where Debian puts it is not in everybody's PATH.
std::string program() {
  const std::string path = "/usr/sbin/pgbouncer";
  return access(path.c_str(), X_OK) == 0 ? path : "pgbouncer";
}

std::string configuration(const std::string& folder,
                          const std::string& mode,
                          const std::string& settings) {
  return fmt::format(
      "[databases]\n"
      "* = host={0} port=5432 user=postgres\n"
      "[pgbouncer]\n"
      "listen_addr =\n"
      "listen_port = {1}\n"
      "unix_socket_dir = {2}\n"
      "auth_type = any\n"
      "pool_mode = {3}\n"
      "default_pool_size = 1\n"
      // It waits so long after a server refused it.
      "server_login_retry = 0\n"
      "{4}\n",
      shared_server().folder(), port, folder, mode, settings);
}

}  // namespace

PgBouncer::PgBouncer(const std::string& mode, const std::string& settings) {
  static int count = 0;
  folder_ = fmt::format("{}/pooler_{}", shared_server().folder(), ++count);
  run_as_server_user({"mkdir", folder_});
  run_as_server_user({"sh", "-c", "cat > " + folder_ + "/pgbouncer.ini"},
                     configuration(folder_, mode, settings));
  start();
}

PgBouncer::~PgBouncer() {
  process_->kill();
  run_process({"rm", "-rf", folder_});
}

std::string PgBouncer::dsn(const std::string& database) const {
  return fmt::format("host={} port={} user=postgres dbname={}", folder_, port,
                     database);
}

void PgBouncer::restart() {
  process_->kill();
  start();
}

void PgBouncer::start() {
  process_.emplace(
      as_server_user({program(), "--quiet", folder_ + "/pgbouncer.ini"}));
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!answers()) {
    if (!process_->is_running() || std::chrono::steady_clock::now() > end) {
      throw std::runtime_error("pgbouncer does not answer: " + process_->err());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

bool PgBouncer::answers() const {
  try {
    static_cast<void>(
        pg::connect({.dsn = dsn("postgres"), .allow_pooler = true}));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace pgexpand::testing
