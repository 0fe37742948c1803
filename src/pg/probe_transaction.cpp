#include "pg/probe_transaction.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <chrono>

namespace pgexpand::pg {
namespace {

using std::chrono::milliseconds;

// Analysis takes microseconds; this ends an endless function that the server
// tries to fold.
constexpr Timeouts limits{milliseconds{300}, milliseconds{10'000}};

}  // namespace

ProbeTransaction::ProbeTransaction(Session& session,
                                   const catalog::Catalog& catalog,
                                   Access access)
    : session_(session),
      arrival_path_(fmt::format("{}", fmt::join(catalog.search_path, ", "))),
      arrival_settings_(catalog.settings),
      transaction_(session, limits) {
  session_.run(access == Access::read_only
                   ? sql::Statement::of("SET TRANSACTION READ ONLY")
                   : sql::Statement::of("SET TRANSACTION READ WRITE"));
}

void ProbeTransaction::use_arrival_path() {
  if (!arrival_settings_.empty()) {
    session_.run(sql::make(arrival_settings_));
  }
  set_local(session_, "search_path", arrival_path_);
}

void ProbeTransaction::use_our_path() {
  set_local(session_, "search_path", "pg_catalog, pg_temp");
}

void set_local(Session& session,
               const std::string& name,
               const std::string& value) {
  session.run(sql::Statement::of("SELECT pg_catalog.set_config($1, $2, true)"),
              {name, value});
}

Diagnostic finding_of(const Session& session,
                      const Error& error,
                      const std::string& code,
                      const Location& where) {
  if (error.kind() != ErrorKind::database) {
    throw error;
  }
  const std::string full = session.full_message();
  return {.severity = Severity::error,
          .code = code,
          .message = full.empty() ? error.message() : full,
          .hint = error.hint(),
          .where = where};
}

}  // namespace pgexpand::pg
