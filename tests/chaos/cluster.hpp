#pragma once

#include "chaos/writer.hpp"
#include "pgexpand/sandbox/sandbox.hpp"
#include "support/process.hpp"

#include <optional>
#include <string>

namespace pgexpand::chaos {

/// A server, perhaps with a standby and a pgbouncer, behind addresses that stay
/// the same when the standby takes over. All methods but the addresses' from
/// the thread that made it.
///
/// Replication is synchronous: a commit that was acknowledged has been flushed
/// on the standby. Commits with synchronous_commit = off can be lost in a crash
/// and in a promotion alike, the latest first.
class Cluster {
 public:
  explicit Cluster(bool has_pooler);
  ~Cluster();
  Cluster(const Cluster&) = delete;
  Cluster& operator=(const Cluster&) = delete;

  [[nodiscard]] Addresses addresses() const;
  [[nodiscard]] std::string bindir() const { return server_.bindir(); }
  /// The log of each server.
  [[nodiscard]] std::string logs() const;

  /// Makes the standby from what is in the server, and waits for it. After
  /// the tables were filled.
  void start_standby();
  [[nodiscard]] bool can_promote() const { return standby_ && !is_promoted_; }

  /// Immediate shutdown and start of whichever is the primary.
  void crash();
  /// The primary is shut down for good; then the standby takes its address.
  void promote();
  void restart_pooler();

 private:
  [[nodiscard]] std::string standby_folder() const;
  void start_standby_server();
  void point_to(const std::string& folder) const;
  void start_pooler();
  void await_standby(const std::string& condition) const;

  sandbox::Sandbox server_;
  std::string address_;  ///< A folder with a link to the primary's socket.
  std::optional<testing::Process> standby_;
  std::optional<testing::Process> pooler_;
  bool has_pooler_;
  bool is_promoted_ = false;
};

/// Whether there is a pgbouncer to run.
[[nodiscard]] bool is_pooler_installed();

}  // namespace pgexpand::chaos
