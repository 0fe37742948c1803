#pragma once

#include "pg/link.hpp"
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
  struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
  };
  using OwnedResult = std::unique_ptr<PGresult, ClearResult>;

  static void receive_notice(void* self, const PGresult* result);
  OwnedResult ask(const std::string& text,
                  const std::vector<const char*>& values);
  void await_answer();
  [[noreturn]] void fail(const PGresult* result, bool is_commit);
  void hear_farewell(const ServerError& said);
  [[noreturn]] void fail_lost(bool is_commit, const std::string& from_libpq);

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
  ServerError farewell_;  ///< What ended the session; empty if nothing did.
};

}  // namespace pgexpand::pg
