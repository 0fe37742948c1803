#pragma once

#include "pgexpand/pg/session.hpp"

namespace pgexpand::exec {

/// Lets a reader that opens a transaction of its own read in the one that is
/// open: transaction control and SET are not passed on. For the time of a call.
class JoinedSession final : public pg::Session {
 public:
  explicit JoinedSession(pg::Session& joined) : joined_(joined) {}

  pg::Result run(const sql::Statement& statement) override {
    return run(statement, {});
  }
  pg::Result run(const sql::Statement& statement,
                 const std::vector<pg::Value>& parameters) override {
    const std::string_view text = statement.text();
    for (const std::string_view control :
         {"BEGIN", "COMMIT", "ROLLBACK", "SET "}) {
      if (text.starts_with(control)) {
        return {.tag = std::string(control)};
      }
    }
    return joined_.run(statement, parameters);
  }
  bool in_transaction() const override { return joined_.in_transaction(); }
  bool is_open() const noexcept override { return joined_.is_open(); }
  int server_version_num() const override {
    return joined_.server_version_num();
  }
  int backend_pid() const override { return joined_.backend_pid(); }
  std::string backend_start() const override { return joined_.backend_start(); }
  std::vector<pg::Notice> take_notices() override {
    return joined_.take_notices();
  }
  void cancel() noexcept override { joined_.cancel(); }
  void shut_down() noexcept override { joined_.shut_down(); }

 private:
  pg::Session& joined_;
};

}  // namespace pgexpand::exec
