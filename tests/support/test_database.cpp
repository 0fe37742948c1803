#include "support/test_database.hpp"

#include "pgexpand/base/assert.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace pgexpand::testing {

namespace {

std::unique_ptr<sandbox::Sandbox>& server_slot() {
  static std::unique_ptr<sandbox::Sandbox> server;
  return server;
}

std::string psql(const std::string& dsn, const std::string& sql) {
  const auto result = run_process(
      {server_program("psql"), "--no-psqlrc", "--quiet", "--tuples-only",
       "--no-align", "--set=ON_ERROR_STOP=1", "--dbname=" + dsn},
      {"PGOPTIONS=-c client_min_messages=warning"}, sql);
  if (result.exit_code != 0) throw std::runtime_error(result.err);
  return result.out;
}

void on_server(const std::string& sql) { psql(shared_server().dsn(), sql); }

bool keep_databases() {
  const char* keep = std::getenv("PGEXPAND_KEEP_TEST_DATABASE");
  return keep != nullptr && std::string(keep) == "1";
}

std::string dsn_of(const std::string& database) {
  const std::string maintenance = "dbname=postgres";
  auto dsn = shared_server().dsn();
  const auto at = dsn.find(maintenance);
  PGEXPAND_ASSERT(at != std::string::npos);
  return dsn.replace(at, maintenance.size(), "dbname=" + database);
}

}  // namespace

sandbox::Sandbox& shared_server() {
  auto& server = server_slot();
  if (!server) {
    sandbox::Options options;
    options.fast_and_unsafe = true;
    options.settings = {"max_connections = 200",
                        "max_prepared_transactions = 10"};
    server = std::make_unique<sandbox::Sandbox>(options);
  }
  return *server;
}

void stop_shared_server() {
  if (server_slot() && keep_databases()) {
    std::cerr << "the server stays until you press Ctrl-C\n";
    while (true) pause();
  }
  server_slot().reset();
}

std::string server_program(const std::string& name) {
  const auto path = shared_server().bindir() + "/" + name;
  // Some server packages hold no client programs; PATH may.
  return access(path.c_str(), X_OK) == 0 ? path : name;
}

TestDatabase::TestDatabase(const std::string& original) {
  static int count = 0;
  name_ = fmt::format("test_{}", ++count);
  on_server("CREATE DATABASE " + name_ + " TEMPLATE " + original);
}

TestDatabase::~TestDatabase() {
  session_.reset();
  if (keep_databases()) {
    std::cerr << "kept database " << name_ << ": " << dsn() << "\n";
    return;
  }
  try {
    on_server("DROP DATABASE " + name_ + " WITH (FORCE)");
  } catch (const std::exception& problem) {
    std::cerr << "cannot drop " << name_ << ": " << problem.what() << "\n";
  }
}

std::string TestDatabase::dsn() const { return dsn_of(name_); }

pg::Connection TestDatabase::connect() const {
  pg::ConnectOptions options;
  options.dsn = dsn();
  return pg::connect(options);
}

std::unique_ptr<pg::Session> TestDatabase::session() const {
  return connect().session;
}

std::unique_ptr<pg::Session> TestDatabase::application() const {
  auto session = this->session();
  session->run(sql::Statement::verbatim("RESET ALL"));
  return session;
}

void TestDatabase::exec(const std::string& sql) const { psql(dsn(), sql); }

pg::Result TestDatabase::query(const std::string& sql) {
  if (!session_ || !session_->is_open()) session_ = application();
  return session_->run(sql::Statement::verbatim(sql));
}

pg::Value TestDatabase::query_one(const std::string& sql) {
  return query(sql).single();
}

Process TestDatabase::spawn_pgexpand(const Arguments& arguments,
                                     Environment environment) const {
  environment.push_back("PGEXPAND_DSN=" + dsn());
  return testing::spawn_pgexpand(arguments, environment);
}

ProcessResult TestDatabase::run_pgexpand(const Arguments& arguments,
                                         Environment environment) const {
  return spawn_pgexpand(arguments, std::move(environment)).wait();
}

std::string schema_dump(const std::string& dsn, const std::string& without) {
  const auto result =
      run_process({server_program("pg_dump"), "--schema-only",
                   "--exclude-schema=" + without, "--dbname=" + dsn});
  if (result.exit_code != 0) throw std::runtime_error(result.err);
  std::istringstream lines(result.out);
  std::string line, kept;
  while (std::getline(lines, line)) {
    const bool differs_by_run = line.starts_with("\\restrict") ||
                                line.starts_with("\\unrestrict") ||
                                line.starts_with("-- Dumped ");
    if (!differs_by_run) kept += line + "\n";
  }
  return kept;
}

}  // namespace pgexpand::testing
