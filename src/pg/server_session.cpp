#include "pg/server_session.hpp"

#include "pg/results.hpp"
#include "pgexpand/base/log.hpp"
#include "pgexpand/base/units.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>

namespace pgexpand::pg {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds cancel_limit{5'000};

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

namespace {

// Of a statement's text, as much as tells what it is.
constexpr std::size_t longest_shown = 200;

void log_statement(int pid,
                   std::chrono::steady_clock::duration took,
                   std::size_t count,
                   const std::string& first) {
  if (!is_verbose()) {
    return;
  }
  std::string text = first.substr(0, longest_shown);
  std::ranges::replace(text, '\n', ' ');
  log_debug(
      fmt::format("backend {}: {:.1f} ms, {}{}", pid,
                  std::chrono::duration<double, std::milli>(took).count(), text,
                  count > 1 ? fmt::format(" (and {} more)", count - 1) : ""));
}

}  // namespace

/// From a question to its answer.
class ServerSession::Asking {
 public:
  Asking(ServerSession& session, std::size_t count, const std::string& first)
      : session_(session), count_(count), first_(first), begin_(Clock::now()) {
    session_.asked_at_ = begin_.time_since_epoch().count();
  }
  ~Asking() {
    session_.asked_at_ = 0;
    log_statement(session_.backend_pid_, Clock::now() - begin_, count_, first_);
  }
  Asking(const Asking&) = delete;
  Asking& operator=(const Asking&) = delete;

 private:
  ServerSession& session_;
  std::size_t count_;
  const std::string& first_;
  Clock::time_point begin_;
};

Result ServerSession::run(const sql::Statement& statement,
                          const std::vector<Value>& parameters) {
  queue(statement, parameters);
  if (queue_.size() > 1) {
    Answers answers = flush();
    answers.check();
    return std::move(answers.results.back());
  }
  const Queued alone = std::exchange(queue_, {}).front();
  if (!is_open()) {
    throw Error(lost(false, {}));
  }
  const Asking asking(*this, 1, alone.text);
  const OwnedResult result = ask(alone);
  if (!is_good(result.get())) {
    throw Error(error_for(result.get(), false));
  }
  return result_of(result.get());
}

void ServerSession::queue(const sql::Statement& statement,
                          const std::vector<Value>& parameters) {
  queue_.push_back({.text = statement.text(), .parameters = parameters});
}

void ServerSession::queue(FaultPoint point) {
  if (queue_.empty()) {
    reach(point, socket_copy_);
  } else {
    queue_.back().then.push_back(point);
  }
}

void ServerSession::begin(const Timeouts& timeouts) {
  for (const sql::Statement& statement : opening_statements(timeouts)) {
    queue(statement, {});
    queue_.back().is_opening = true;
  }
}

void ServerSession::queue_commit() {
  queue(sql::Statement::of("COMMIT"), {});
  queue_.back().is_commit = true;
}

void ServerSession::rollback() {
  queue_.clear();
  if (in_transaction()) {
    run(sql::Statement::of("ROLLBACK"));
  }
}

// The extended protocol takes exactly one statement, unlike PQexec.
OwnedResult ServerSession::ask(const Queued& statement) {
  const auto values = pointers_to(statement.parameters);
  if (PQsendQueryParams(raw(), statement.text.c_str(),
                        static_cast<int>(values.size()), nullptr, values.data(),
                        nullptr, nullptr, 0) == 0) {
    return nullptr;
  }
  await_answer();
  OwnedResult last;
  while (PGresult* result = PQgetResult(raw())) {
    last.reset(result);
    if (PQresultStatus(result) == PGRES_FATAL_ERROR) {
      hear_farewell(error_of(result));
    }
    if (is_copy(result)) {
      break;
    }
  }
  return last;
}

std::size_t ServerSession::send(Pipeline& pipeline,
                                const std::vector<Queued>& queue) {
  std::size_t sent = 0;
  for (const Queued& statement : queue) {
    if (statement.is_commit) {
      reach(FaultPoint::before_commit, socket_copy_);
    }
    if (!pipeline.send(statement.text, pointers_to(statement.parameters))) {
      return sent;
    }
    ++sent;
    if (!statement.is_opening && !pipeline.sync()) {
      return sent;
    }
    if (statement.is_commit) {
      reach(FaultPoint::commit_sent, socket_copy_);
    }
    for (const FaultPoint point : statement.then) {
      reach(point, socket_copy_);
    }
  }
  return sent;
}

// Where an answer is missing, a COMMIT behind it may have been obeyed. A
// farewell before its turn leaves no doubt; silence does.
Error ServerSession::error_in_flush(const PGresult* result,
                                    const std::vector<Queued>& queue,
                                    std::size_t at,
                                    std::size_t sent) {
  if (is_copy(result)) {
    shut_down();
  }
  hear_farewell(error_of(result));
  const auto here = queue.begin() + static_cast<std::ptrdiff_t>(at);
  const auto end = queue.begin() + static_cast<std::ptrdiff_t>(sent);
  const bool is_in_doubt =
      farewell_.message.empty()
          ? std::any_of(here, end, std::mem_fn(&Queued::is_commit))
          : here->is_commit;
  return error_for(result, is_in_doubt);
}

Answers ServerSession::flush() {
  const std::vector<Queued> queue = std::exchange(queue_, {});
  Answers answers;
  if (queue.empty()) {
    return answers;
  }
  if (!is_open()) {
    // Nothing was sent, so even for COMMIT the outcome is known.
    answers.error = lost(false, {});
    return answers;
  }
  const Asking asking(*this, queue.size(), queue.front().text);
  Pipeline pipeline(raw(), [this] { await_answer(); });
  const std::size_t sent = send(pipeline, queue);
  for (std::size_t at = 0; at < sent; ++at) {
    const OwnedResult result = pipeline.answer();
    if (queue[at].is_commit) {
      reach(FaultPoint::commit_answered, socket_copy_);
    }
    if (!is_good(result.get())) {
      answers.error = error_in_flush(result.get(), queue, at, sent);
      return answers;
    }
    answers.results.push_back(result_of(result.get()));
  }
  if (sent < queue.size()) {
    answers.error = lost(false, words_of_libpq(nullptr, raw()));
  }
  return answers;
}

// A link that carries nothing any more looks alive for as long as the next
// hop's kernel acknowledges what we send.
void ServerSession::await_answer() {
  if (answer_limit_ <= milliseconds{0}) {
    return;
  }
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

Error ServerSession::error_for(const PGresult* result, bool was_sent) {
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
    return lost(was_sent, from_libpq);
  }
  if (error.sqlstate.empty()) {
    // COPY, or libpq refused: nothing the server said.
    return Error(ErrorKind::database, "pg.statement-failed",
                 "the statement cannot be run here");
  }
  return translated;
}

// It is a notice if the session was idle, and not the last result otherwise.
void ServerSession::hear_farewell(const ServerError& said) {
  if (is_fatal(said)) {
    farewell_ = said;
  }
}

Error ServerSession::lost(bool in_doubt, const std::string& from_libpq) const {
  std::string reason = !farewell_.message.empty() ? farewell_.message
                       : gave_up_
                           ? "no answer for " + human_duration(answer_limit_)
                           : from_libpq;
  reason = reason.empty() ? "" : ": " + reason;
  if (in_doubt) {
    return Error(ErrorKind::in_doubt, "pg.commit-in-doubt",
                 "the connection was lost during COMMIT" + reason)
        .sqlstate(farewell_.sqlstate)
        .hint("run the same command again; it looks at the state tables first");
  }
  return Error(ErrorKind::connection, "pg.connection-lost",
               "the connection to the server was lost" + reason)
      .sqlstate(farewell_.sqlstate)
      .hint("run the same command again; it continues where it stopped");
}

// A transaction whose BEGIN is queued has begun for its owner.
bool ServerSession::in_transaction() const {
  const auto status = PQtransactionStatus(raw());
  return status == PQTRANS_INTRANS || status == PQTRANS_INERROR ||
         std::ranges::any_of(queue_, &Queued::is_opening);
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
