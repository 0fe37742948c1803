#include "chaos/cluster.hpp"

#include "chaos/link.hpp"
#include "support/server_user.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace pgexpand::chaos {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using testing::as_server_user;
using testing::run_as_server_user;

constexpr const char* pooler_path = "/usr/sbin/pgbouncer";
constexpr auto patience = 60s;

sandbox::Options options() {
  sandbox::Options result;
  result.fast_and_unsafe = true;
  result.settings = {"shared_buffers = '16MB'",
                     "max_connections = 60",
                     "autovacuum_naptime = '1s'",
                     "max_wal_size = '256MB'",
                     "log_line_prefix = '%m [%p] %a '",
                     "wal_retrieve_retry_interval = '100ms'"};
  return result;
}

std::string contents(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::string dsn_at(const std::string& folder, int port = 5432) {
  return fmt::format("host={} port={} user=postgres dbname=postgres", folder,
                     port);
}

}  // namespace

bool is_pooler_installed() { return access(pooler_path, X_OK) == 0; }

Cluster::Cluster(bool has_pooler)
    : server_(options()),
      address_(server_.folder() + "/address"),
      has_pooler_(has_pooler) {
  run_as_server_user({"mkdir", address_});
  point_to(server_.folder());
  if (has_pooler_) {
    start_pooler();
  }
}

Cluster::~Cluster() {
  if (pooler_) {
    pooler_->kill();
  }
  if (standby_) {
    standby_->send_signal(SIGQUIT);
    standby_->wait();
  }
}

Addresses Cluster::addresses() const {
  constexpr int pooler_port = 6432;
  return {.application =
              has_pooler_ ? dsn_at(address_, pooler_port) : dsn_at(address_),
          .direct = dsn_at(address_)};
}

std::string Cluster::logs() const {
  return contents(server_.folder() + "/server.log") +
         (standby_ ? "--- standby\n" + standby_->err() : "") +
         (pooler_ ? "--- pgbouncer\n" + pooler_->err() : "");
}

std::string Cluster::standby_folder() const {
  return server_.folder() + "/standby";
}

// Renamed over the old one: there is no moment without an address.
void Cluster::point_to(const std::string& folder) const {
  const std::string name = "/.s.PGSQL.5432";
  const std::string fresh = address_ + "/fresh";
  fs::remove(fresh);
  fs::create_symlink(folder + name, fresh);
  fs::rename(fresh, address_ + name);
}

void Cluster::start_standby_server() {
  standby_.emplace(
      as_server_user({server_.bindir() + "/postgres", "-D", standby_folder()}));
}

void Cluster::start_standby() {
  run_as_server_user({server_.bindir() + "/pg_basebackup",
                      "--dbname=" + server_.dsn() + " application_name=standby",
                      "--pgdata=" + standby_folder(), "--write-recovery-conf",
                      "--checkpoint=fast", "--no-sync"});
  std::ofstream(standby_folder() + "/postgresql.conf", std::ios::app)
      << "unix_socket_directories = '" << standby_folder() << "'\n";
  start_standby_server();
  await_standby(
      "SELECT count(*) > 0 FROM pg_stat_replication"
      " WHERE state = 'streaming'");
  Link link(server_.dsn(), "chaos setup");
  link.run("ALTER SYSTEM SET synchronous_standby_names = 'standby'");
  link.run("SELECT pg_reload_conf()");
  await_standby(
      "SELECT count(*) > 0 FROM pg_stat_replication"
      " WHERE sync_state = 'sync'");
}

void Cluster::await_standby(const std::string& condition) const {
  Link link(server_.dsn(), "chaos setup");
  const auto deadline = Clock::now() + patience;
  while (link.single(condition) != "t") {
    if (Clock::now() > deadline) {
      throw std::runtime_error("the standby does not stream: " +
                               standby_->err());
    }
    std::this_thread::sleep_for(20ms);
  }
}

void Cluster::crash() {
  if (!is_promoted_) {
    server_.crash_and_restart();
    return;
  }
  standby_->send_signal(SIGQUIT);
  standby_->wait();
  start_standby_server();
}

void Cluster::promote() {
  // First the old one, so that there are never two.
  std::ifstream file(server_.folder() + "/data/postmaster.pid");
  pid_t postmaster = 0;
  file >> postmaster;
  ::kill(postmaster, SIGQUIT);
  const auto deadline = Clock::now() + patience;
  while (fs::exists(server_.folder() + "/data/postmaster.pid")) {
    if (Clock::now() > deadline) {
      throw std::runtime_error("the primary does not end");
    }
    std::this_thread::sleep_for(5ms);
  }
  Link link(dsn_at(standby_folder()), "chaos setup");
  if (link.single("SELECT pg_promote()") != "t") {
    throw std::runtime_error("the standby cannot be promoted");
  }
  point_to(standby_folder());
  is_promoted_ = true;
}

void Cluster::start_pooler() {
  const std::string path = server_.folder() + "/pgbouncer.ini";
  std::ofstream(path) << fmt::format(
      "[databases]\n* = host={0} port=5432 user=postgres\n[pgbouncer]\n"
      "unix_socket_dir = {0}\nlisten_port = 6432\nauth_type = any\n"
      "pool_mode = session\nserver_login_retry = 1\n"
      "server_check_delay = 0\nignore_startup_parameters = "
      "extra_float_digits\n",
      address_);
  pooler_.emplace(as_server_user({pooler_path, "--quiet", path}));
}

void Cluster::restart_pooler() {
  pooler_->kill();
  fs::remove(address_ + "/.s.PGSQL.6432");
  start_pooler();
}

}  // namespace pgexpand::chaos
