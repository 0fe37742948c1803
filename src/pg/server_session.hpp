#pragma once

#include "pg/link.hpp"
#include "pg/server_error.hpp"
#include "pgexpand/pg/session.hpp"

#include <libpq-fe.h>

#include <memory>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// The Session over a real connection. connect() makes its settings.
class ServerSession final : public Session {
 public:
  ServerSession(const std::string& conninfo, bool show_data);
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
  void cancel() noexcept override;
  void shut_down() noexcept override;

  /// Who the server says we are; behind a pooler libpq knows another pid.
  void set_backend(int pid, std::string start);
  [[nodiscard]] PGconn* raw() const noexcept { return link_.raw(); }

 private:
  static void receive_notice(void* self, const PGresult* result);
  [[noreturn]] void fail(const PGresult* result, bool is_commit);
  [[noreturn]] void fail_lost(bool is_commit, const ServerError& error);

  struct FreeCancel {
    void operator()(PGcancel* cancel) const noexcept { PQfreeCancel(cancel); }
  };

  Link link_;
  bool show_data_;
  int socket_copy_;  ///< Stays ours when libpq closes its own.
  std::unique_ptr<PGcancel, FreeCancel> cancel_;
  int backend_pid_ = 0;
  std::string backend_start_;
  std::string full_message_;
  std::vector<Notice> notices_;
};

}  // namespace pgexpand::pg
