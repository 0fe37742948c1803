#include "pg/server_session.hpp"

#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace pgexpand::pg {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds cancel_limit{5'000};

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

/// The first line of what libpq itself has to say, not the server.
std::string words_of_libpq(const PGresult* result, const PGconn* connection) {
  const std::string text = result == nullptr ? PQerrorMessage(connection)
                                             : PQresultErrorMessage(result);
  return text.substr(0, text.find('\n'));
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

// What outlives a cancel request that nobody waits for any more.
struct CancelRequest {
  std::shared_ptr<PGcancel> key;
  std::mutex mutex;
  std::condition_variable delivered;
  bool is_delivered = false;

  void send() {
    std::array<char, 256> ignored{};
    PQcancel(key.get(), ignored.data(), static_cast<int>(ignored.size()));
    const std::scoped_lock lock(mutex);
    is_delivered = true;
    delivered.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex);
    return delivered.wait_for(lock, cancel_limit,
                              [this] { return is_delivered; });
  }
};

}  // namespace

ServerSession::ServerSession(const std::string& conninfo,
                             bool show_data,
                             milliseconds answer_limit)
    : link_(conninfo),
      show_data_(show_data),
      socket_copy_(::fcntl(PQsocket(link_.raw()), F_DUPFD_CLOEXEC, 0)),
      cancel_(PQgetCancel(link_.raw()), PQfreeCancel),
      answer_limit_(answer_limit) {
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
  const bool is_commit = statement.text() == "COMMIT";
  if (is_commit) {
    reach(FaultPoint::before_commit, socket_copy_);
  }
  asked_at_ = Clock::now().time_since_epoch().count();
  const OwnedResult result = ask(statement.text(), values);
  asked_at_ = 0;
  if (is_commit) {
    reach(FaultPoint::commit_answered, socket_copy_);
  }
  switch (PQresultStatus(result.get())) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
      return result_of(result.get());
    default:
      fail(result.get(), is_commit);
  }
}

// In two halves, so that a test may strike a COMMIT between them. The extended
// protocol takes exactly one statement, unlike PQexec.
ServerSession::OwnedResult ServerSession::ask(
    const std::string& text, const std::vector<const char*>& values) {
  if (PQsendQueryParams(raw(), text.c_str(), static_cast<int>(values.size()),
                        nullptr, values.data(), nullptr, nullptr, 0) == 0) {
    return nullptr;
  }
  if (text == "COMMIT") {
    reach(FaultPoint::commit_sent, socket_copy_);
  }
  if (answer_limit_ > milliseconds{0}) {
    await_answer();
  }
  OwnedResult last;
  while (PGresult* result = PQgetResult(raw())) {
    last.reset(result);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
      hear_farewell(error_of(result));
    }
    if (PQresultStatus(result) == PGRES_COPY_IN ||
        PQresultStatus(result) == PGRES_COPY_OUT) {
      break;
    }
  }
  return last;
}

// A link that carries nothing any more looks alive for as long as the next
// hop's kernel acknowledges what we send.
void ServerSession::await_answer() {
  const auto end = Clock::now() + answer_limit_;
  while (PQconsumeInput(raw()) != 0 && PQisBusy(raw()) != 0) {
    const auto left =
        std::chrono::duration_cast<milliseconds>(end - Clock::now());
    if (left <= milliseconds{0}) {
      gave_up_ = true;
      shut_down();
      return;
    }
    pollfd answer{.fd = PQsocket(raw()), .events = POLLIN, .revents = 0};
    ::poll(&answer, 1, static_cast<int>(left.count()) + 1);
  }
}

void ServerSession::fail(const PGresult* result, bool is_commit) {
  const ServerError error = error_of(result);
  full_message_ = error.message;
  std::string from_libpq;
  if (error.sqlstate.empty()) {
    from_libpq = words_of_libpq(result, raw());
    // A link that broke while it was written to looks well until it is read.
    PQconsumeInput(raw());
  }
  Error translated = to_error(error, show_data_);
  if (!is_open() || translated.kind() == ErrorKind::connection) {
    fail_lost(is_commit, from_libpq);
  }
  if (error.sqlstate.empty()) {
    // COPY, or libpq refused: nothing the server said.
    throw Error(ErrorKind::database, "pg.statement-failed",
                "the statement cannot be run here");
  }
  throw translated;
}

// It is a notice if the session was idle, and not the last result otherwise.
void ServerSession::hear_farewell(const ServerError& said) {
  if (is_fatal(said)) {
    farewell_ = said;
  }
}

void ServerSession::fail_lost(bool is_commit, const std::string& from_libpq) {
  std::string reason = !farewell_.message.empty() ? farewell_.message
                       : gave_up_
                           ? "no answer for " + human_duration(answer_limit_)
                           : from_libpq;
  reason = reason.empty() ? "" : ": " + reason;
  if (is_commit) {
    throw Error(ErrorKind::in_doubt, "pg.commit-in-doubt",
                "the connection was lost during COMMIT" + reason)
        .sqlstate(farewell_.sqlstate)
        .hint("run the same command again; it looks at the state tables first");
  }
  throw Error(ErrorKind::connection, "pg.connection-lost",
              "the connection to the server was lost" + reason)
      .sqlstate(farewell_.sqlstate)
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
  auto& session = *static_cast<ServerSession*>(self);
  session.hear_farewell(notice);
  session.notices_.push_back(
      {std::move(notice.severity), std::move(notice.sqlstate),
       std::move(notice.message), std::move(notice.detail)});
}

milliseconds ServerSession::unanswered() const noexcept {
  const Clock::rep asked = asked_at_;
  return asked == 0
             ? milliseconds{0}
             : std::chrono::duration_cast<milliseconds>(
                   Clock::now() - Clock::time_point(Clock::duration(asked)));
}

// PQcancel connects and waits without a limit of its own.
void ServerSession::cancel() noexcept {
  try {
    const auto request = std::make_shared<CancelRequest>();
    request->key = cancel_;
    std::thread([request] { request->send(); }).detach();
    if (!request->wait()) {
      shut_down();
    }
  } catch (const std::exception&) {
    // No thread to be had: the caller asks again, or shuts the link down.
    return;
  }
}

void ServerSession::shut_down() noexcept {
  ::shutdown(socket_copy_, SHUT_RDWR);
}

void ServerSession::set_backend(int pid, std::string start) {
  backend_pid_ = pid;
  backend_start_ = std::move(start);
}

}  // namespace pgexpand::pg
