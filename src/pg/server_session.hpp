#pragma once

#include "pg/link.hpp"
#include "pg/pipeline.hpp"
#include "pg/server_error.hpp"
#include "pgexpand/pg/session.hpp"

#include <libpq-fe.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// The Session over a real connection. connect() makes its settings.
class ServerSession final : public Session {
 public:
  /// `answer_limit` as in ConnectOptions.
  ServerSession(const std::string& conninfo,
                bool show_data,
                std::chrono::milliseconds answer_limit);
  ~ServerSession() override;

  Result run(const sql::Statement& statement) override;
  Result run(const sql::Statement& statement,
             const std::vector<Value>& parameters) override;
  using Session::queue;
  void queue(const sql::Statement& statement,
             const std::vector<Value>& parameters) override;
  void queue(FaultPoint point) override;
  [[nodiscard]] std::size_t queued() const override { return queue_.size(); }
  Answers flush() override;
  void begin(const Timeouts& timeouts) override;
  void queue_commit() override;
  void rollback() override;
  [[nodiscard]] bool in_transaction() const override;
  [[nodiscard]] bool is_open() const noexcept override;
  [[nodiscard]] int server_version_num() const override;
  [[nodiscard]] int backend_pid() const override { return backend_pid_; }
  [[nodiscard]] std::string backend_start() const override {
    return backend_start_;
  }
  std::vector<Notice> take_notices() override;
  [[nodiscard]] std::string full_message() const override {
    return full_message_;
  }
  [[nodiscard]] std::chrono::milliseconds unanswered() const noexcept override;
  void cancel() noexcept override;
  void shut_down() noexcept override;

  /// Who the server says we are; behind a pooler libpq knows another pid.
  void set_backend(int pid, std::string start);
  void set_answer_limit(std::chrono::milliseconds limit) {
    answer_limit_ = limit;
  }
  [[nodiscard]] PGconn* raw() const noexcept { return link_.raw(); }

 private:
  using Clock = std::chrono::steady_clock;
  /// A statement that is kept back.
  struct Queued {
    std::string text;
    std::vector<Value> parameters;
    bool is_commit = false;
    bool is_opening = false;  ///< Needs no Sync of its own: nothing is locked.
    std::vector<FaultPoint> then{};
  };
  class Asking;

  static void receive_notice(void* self, const PGresult* result);
  [[nodiscard]] OwnedResult ask(const Queued& statement);
  /// Returns how many were sent.
  std::size_t send(Pipeline& pipeline, const std::vector<Queued>& queue);
  void await_answer();
  /// What the result of a failed statement means. `was_sent`: a COMMIT was on
  /// its way when the link broke.
  [[nodiscard]] Error error_for(const PGresult* result, bool was_sent);
  [[nodiscard]] Error error_in_flush(const PGresult* result,
                                     const std::vector<Queued>& queue,
                                     std::size_t at,
                                     std::size_t sent);
  void hear_farewell(const ServerError& said);
  [[nodiscard]] Error lost(bool in_doubt, const std::string& from_libpq) const;

  Link link_;
  bool show_data_;
  int socket_copy_;  ///< Stays ours when libpq closes its own.
  std::shared_ptr<PGcancel> cancel_;
  std::chrono::milliseconds answer_limit_;
  bool gave_up_ = false;  ///< The answer did not come within answer_limit_.
  std::atomic<Clock::rep> asked_at_{0};  ///< Zero between statements.
  int backend_pid_ = 0;
  std::string backend_start_;
  std::string full_message_;
  std::vector<Notice> notices_;
  std::vector<Queued> queue_;
  ServerError farewell_;  ///< What ended the session; empty if nothing did.
};

}  // namespace pgexpand::pg
