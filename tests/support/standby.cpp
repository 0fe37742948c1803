#include "support/standby.hpp"

#include "support/server_user.hpp"
#include "support/test_database.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <thread>

namespace pgexpand::testing {
namespace {

constexpr int port = 6543;  // in a folder of its own

std::unique_ptr<pg::Session> primary() {
  return pg::connect({.dsn = shared_server().dsn()}).session;
}

// What it has replayed, the primary knows only after its first report.
bool is_streaming(pg::Session& primary, const std::string& name) {
  return primary
             .run(sql::Statement::of("SELECT count(*) FROM pg_stat_replication"
                                     " WHERE state = 'streaming'"
                                     " AND replay_lsn IS NOT NULL"
                                     " AND application_name = $1"),
                  {name})
             .single() != "0";
}

}  // namespace

Standby::Standby(const std::string& name, const std::string& settings)
    : folder_(fmt::format("{}/{}", shared_server().folder(), name)) {
  run_as_server_user(
      {shared_server().bindir() + "/pg_basebackup",
       "--dbname=" + shared_server().dsn() + " application_name=" + name,
       "--pgdata=" + folder_, "--write-recovery-conf", "--checkpoint=fast",
       "--no-sync"});
  run_as_server_user({"sh", "-c",
                      fmt::format("printf '%s\\n' \"port = {0}\" "
                                  "\"unix_socket_directories = '{1}'\" \"{2}\" "
                                  ">> {1}/postgresql.conf",
                                  port, folder_, settings)});
  server_.emplace(
      as_server_user({shared_server().bindir() + "/postgres", "-D", folder_}));
  const auto session = primary();
  constexpr int tries = 300;
  for (int i = 0; !is_streaming(*session, name); ++i) {
    if (i == tries || !server_->is_running()) {
      throw std::runtime_error("the standby does not stream: " +
                               server_->err());
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

Standby::~Standby() {
  thaw();
  server_->send_signal(SIGQUIT);
  server_->wait();
  run_process({"rm", "-rf", folder_});
}

std::string Standby::dsn(const std::string& database) const {
  return fmt::format("host={} port={} user=postgres dbname={}", folder_, port,
                     database);
}

void Standby::freeze() { signal_all("STOP"); }

void Standby::thaw() { signal_all("CONT"); }

void Standby::signal_all(const std::string& signal) const {
  run_process(
      {"sh", "-c",
       fmt::format("kill -{0} {1} $(pgrep -P {1})", signal, server_->pid())});
}

}  // namespace pgexpand::testing
