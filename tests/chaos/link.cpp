#include "chaos/link.hpp"

#include <algorithm>
#include <string_view>

namespace pgexpand::chaos {
namespace {

std::vector<const char*> pointers(const std::vector<Value>& values) {
  std::vector<const char*> result;
  for (const Value& value : values) {
    result.push_back(value ? value->c_str() : nullptr);
  }
  return result;
}

// 57P: shutdown, crash, starting up. 08: a connection, as pgbouncer says it,
// too. None: libpq itself, that hears nothing any more.
bool means_lost(std::string_view sqlstate) {
  return sqlstate.empty() || sqlstate.starts_with("08") ||
         sqlstate.starts_with("57P");
}

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? "" : text;
}

}  // namespace

Link::Link(const std::string& dsn, const std::string& application_name)
    : connection_(PQconnectdb((dsn + " connect_timeout=5 application_name='" +
                               application_name + "'")
                                  .c_str()),
                  &PQfinish) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw LinkLost(PQerrorMessage(connection_.get()));
  }
  PQsetNoticeProcessor(
      connection_.get(), [](void*, const char*) {}, nullptr);
}

std::vector<Line> Link::read(PGresult* result) {
  const Answer answer(result, &PQclear);
  const auto status = PQresultStatus(answer.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
    const std::string state = field(answer.get(), PG_DIAG_SQLSTATE);
    const std::string message = PQerrorMessage(connection_.get());
    if (PQstatus(connection_.get()) != CONNECTION_OK || means_lost(state)) {
      throw LinkLost(state + ": " + message);
    }
    throw SqlError(state, message);
  }
  std::vector<Line> rows;
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    Line line;
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
      line.push_back(PQgetisnull(answer.get(), row, column) != 0
                         ? Value()
                         : PQgetvalue(answer.get(), row, column));
    }
    rows.push_back(std::move(line));
  }
  return rows;
}

std::vector<Line> Link::run(const std::string& sql,
                            const std::vector<Value>& values) {
  return read(PQexecParams(connection_.get(), sql.c_str(),
                           static_cast<int>(values.size()), nullptr,
                           pointers(values).data(), nullptr, nullptr, 0));
}

std::vector<Line> Link::run_prepared(const std::string& sql,
                                     const std::vector<Value>& values) {
  const auto at = std::ranges::find(prepared_, sql);
  const auto name = "s" + std::to_string(at - prepared_.begin());
  if (at == prepared_.end()) {
    read(PQprepare(connection_.get(), name.c_str(), sql.c_str(), 0, nullptr));
    prepared_.push_back(sql);
  }
  return read(PQexecPrepared(connection_.get(), name.c_str(),
                             static_cast<int>(values.size()),
                             pointers(values).data(), nullptr, nullptr, 0));
}

std::string Link::single(const std::string& sql,
                         const std::vector<Value>& values) {
  const auto rows = run(sql, values);
  return rows.empty() || rows[0].empty() ? "" : rows[0][0].value_or("");
}

}  // namespace pgexpand::chaos
