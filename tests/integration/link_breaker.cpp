#include "link_breaker.hpp"

#include <set>

namespace pgexpand::testing {
namespace {

// The work session is called `pgexpand ID PHASE`.
constexpr const char* phase_query =
    "SELECT application_name FROM pg_stat_activity"
    " WHERE datname = current_database()"
    " AND application_name ~ '^pgexpand .* .*$'";

constexpr const char* terminate_query =
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND application_name ";

}  // namespace

LinkBreaker::LinkBreaker(const TestDatabase& database, Victims victims)
    : session_(database.application()),
      query_(std::string(terminate_query) + (victims == Victims::all
                                                 ? "LIKE 'pgexpand%'"
                                                 : "~ '^pgexpand .* .*$'")),
      thread_([this](const std::stop_token& stop) { watch(stop); }) {}

int LinkBreaker::stop() {
  thread_.request_stop();
  thread_.join();
  return strikes_;
}

void LinkBreaker::watch(const std::stop_token& stop) {
  std::set<std::string> seen;
  while (!stop.stop_requested()) {
    const auto phases =
        session_->run(sql::Statement::verbatim(phase_query)).rows;
    if (!phases.empty() && seen.insert(phases[0].at(0).value_or("")).second) {
      session_->run(sql::Statement::verbatim(query_));
      ++strikes_;
    }
  }
}

}  // namespace pgexpand::testing
