#include "pg/server_session.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <utility>

namespace pgexpand::pg {
namespace {

struct ClearResult {
  void operator()(PGresult* result) const noexcept { PQclear(result); }
};
using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

std::string field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string{} : std::string(text);
}

ServerError error_of(const PGresult* result) {
  return {.severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED),
          .sqlstate = field(result, PG_DIAG_SQLSTATE),
          .message = field(result, PG_DIAG_MESSAGE_PRIMARY),
          .detail = field(result, PG_DIAG_MESSAGE_DETAIL),
          .hint = field(result, PG_DIAG_MESSAGE_HINT),
          .schema = field(result, PG_DIAG_SCHEMA_NAME),
          .table = field(result, PG_DIAG_TABLE_NAME),
          .column = field(result, PG_DIAG_COLUMN_NAME),
          .type = field(result, PG_DIAG_DATATYPE_NAME),
          .constraint = field(result, PG_DIAG_CONSTRAINT_NAME),
          .position = field(result, PG_DIAG_STATEMENT_POSITION)};
}

Row row_of(const PGresult* result, int row) {
  Row values;
  const int count = PQnfields(result);
  values.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (PQgetisnull(result, row, i) != 0) {
      values.emplace_back(std::nullopt);
    } else {
      const auto size = static_cast<std::size_t>(PQgetlength(result, row, i));
      values.emplace_back(std::string(PQgetvalue(result, row, i), size));
    }
  }
  return values;
}

Result result_of(PGresult* result) {
  Result answer;
  answer.tag = PQcmdStatus(result);
  const std::string_view affected = PQcmdTuples(result);
  std::from_chars(affected.data(), affected.data() + affected.size(),
                  answer.affected_rows);
  for (int i = 0; i < PQnfields(result); ++i) {
    answer.columns.emplace_back(PQfname(result, i));
    answer.column_types.push_back(PQftype(result, i));
    answer.column_modifiers.push_back(PQfmod(result, i));
  }
  const int rows = PQntuples(result);
  answer.rows.reserve(static_cast<std::size_t>(rows));
  for (int i = 0; i < rows; ++i) {
    answer.rows.push_back(row_of(result, i));
  }
  return answer;
}

}  // namespace

ServerSession::ServerSession(const std::string& conninfo, bool show_data)
    : link_(conninfo),
      show_data_(show_data),
      socket_copy_(::dup(PQsocket(link_.raw()))),
      cancel_(PQgetCancel(link_.raw())) {
  PQsetNoticeReceiver(link_.raw(), &ServerSession::receive_notice, this);
}

ServerSession::~ServerSession() {
  if (socket_copy_ >= 0) {
    ::close(socket_copy_);
  }
}

Result ServerSession::run(const sql::Statement& statement) {
  return run(statement, {});
}

Result ServerSession::run(const sql::Statement& statement,
                          const std::vector<Value>& parameters) {
  if (!is_open()) {
    // Nothing was sent, so even for COMMIT the outcome is known.
    fail_lost(false, {});
  }
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const auto& parameter : parameters) {
    values.push_back(parameter ? parameter->c_str() : nullptr);
  }
  // The extended protocol takes exactly one statement, unlike PQexec.
  const OwnedResult result(PQexecParams(
      raw(), statement.text().c_str(), static_cast<int>(values.size()), nullptr,
      values.data(), nullptr, nullptr, 0));
  const bool is_commit = statement.text() == "COMMIT";
  switch (PQresultStatus(result.get())) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      return result_of(result.get());
    default:
      fail(result.get(), is_commit);
  }
}

void ServerSession::fail(const PGresult* result, bool is_commit) {
  const ServerError error = error_of(result);
  full_message_ = error.message;
  Error translated = to_error(error, show_data_);
  if (!is_open() || translated.kind() == ErrorKind::connection) {
    fail_lost(is_commit, error);
  }
  if (error.sqlstate.empty()) {
    // COPY, or libpq refused: nothing the server said.
    throw Error(ErrorKind::database, "pg.statement-failed",
                "the statement cannot be run here");
  }
  throw translated;
}

void ServerSession::fail_lost(bool is_commit, const ServerError& error) {
  const std::string reason =
      error.message.empty() ? std::string{} : ": " + error.message;
  if (is_commit) {
    throw Error(ErrorKind::in_doubt, "pg.commit-in-doubt",
                "the connection was lost during COMMIT" + reason)
        .sqlstate(error.sqlstate)
        .hint("run the same command again; it looks at the state tables first");
  }
  throw Error(ErrorKind::connection, "pg.connection-lost",
              "the connection to the server was lost" + reason)
      .sqlstate(error.sqlstate)
      .hint("run the same command again; it continues where it stopped");
}

bool ServerSession::in_transaction() const {
  const auto status = PQtransactionStatus(raw());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
}

bool ServerSession::is_open() const noexcept {
  return PQstatus(raw()) == CONNECTION_OK;
}

int ServerSession::server_version_num() const { return PQserverVersion(raw()); }

std::vector<Notice> ServerSession::take_notices() {
  return std::exchange(notices_, {});
}

void ServerSession::receive_notice(void* self, const PGresult* result) {
  ServerError notice = error_of(result);
  static_cast<ServerSession*>(self)->notices_.push_back(
      {std::move(notice.severity), std::move(notice.sqlstate),
       std::move(notice.message), std::move(notice.detail)});
}

void ServerSession::cancel() noexcept {
  std::array<char, 256> ignored{};
  PQcancel(cancel_.get(), ignored.data(), static_cast<int>(ignored.size()));
}

void ServerSession::shut_down() noexcept {
  ::shutdown(socket_copy_, SHUT_RDWR);
}

void ServerSession::set_backend(int pid, std::string start) {
  backend_pid_ = pid;
  backend_start_ = std::move(start);
}

}  // namespace pgexpand::pg
