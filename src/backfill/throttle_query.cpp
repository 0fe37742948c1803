#include "backfill/throttle_query.hpp"

#include <fmt/format.h>

#include <string_view>

namespace pgexpand::backfill {
namespace {

using sql::Statement;

constexpr std::uint32_t boolean_oid = 16;
constexpr std::chrono::milliseconds longest{1'000};

Error unusable(const std::string& why) {
  return Error(ErrorKind::refused, "throttle.bad-query",
               fmt::format("the throttle query cannot be used: {}", why))
      .hint(
          "make backfill.throttle_query one SELECT of one boolean, such as"
          " SELECT count(*) > 50 FROM ..., or leave it out");
}

// Wrong SQL, a missing right, an attempt to write: time mends none of them.
bool is_for_good(const Error& error) {
  const std::string_view state = error.sqlstate();
  return state.starts_with("42") || state.starts_with("0A") ||
         state.starts_with("25");
}

// As a table in FROM it can be nothing but a query: no COPY, no COMMIT, no CALL
// and no WITH that writes.
Statement wrapped(std::string_view query) {
  const auto end = query.find_last_not_of("; \t\r\n");
  query = query.substr(0, end == std::string_view::npos ? 0 : end + 1);
  return Statement::of("SELECT * FROM (\n{}\n) AS throttle LIMIT 2",
                       sql::Expression{std::string(query)});
}

std::string reason_of(const pg::Result& answer) {
  if (answer.column_types.size() != 1) {
    throw unusable(fmt::format("it gives {} columns, not one",
                               answer.column_types.size()));
  }
  if (answer.column_types.front() != boolean_oid) {
    throw unusable("what it gives is not a boolean");
  }
  if (answer.rows.size() != 1) {
    return fmt::format("the throttle query gives {} row",
                       answer.rows.empty() ? "no" : "more than one");
  }
  const pg::Value& value = answer.single();
  if (!value) {
    return "the throttle query gives NULL";
  }
  return value == "t" ? "the throttle query says so" : "";
}

}  // namespace

// The first query fixes the mode: from then on nothing can make the transaction
// a writing one.
std::string ThrottleQuery::reason(pg::Session& session) const {
  pg::Transaction transaction(session, {.lock = longest, .statement = longest});
  session.run(Statement::of("SET TRANSACTION READ ONLY"));
  if (!role.empty()) {
    session.run(Statement::of("SET LOCAL ROLE {}", sql::Identifier(role)));
  }
  session.run(
      Statement::of("SELECT pg_catalog.set_config('search_path', $1, true)"),
      {search_path});
  try {
    return reason_of(session.run(wrapped(query)));
  } catch (const Error& error) {
    if (is_for_good(error)) {
      throw unusable(error.message());
    }
    throw;
  }
}

}  // namespace pgexpand::backfill
