#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/plan/plan.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace pgexpand::report {

/// Someone who holds what we wait for.
struct Blocker {
  int pid = 0;  ///< 0: a prepared transaction; `application` is its gid.
  std::string application;
  std::string state;
  std::chrono::milliseconds transaction_age{0};
};

struct MigrationStarted {
  std::string id;
  std::string description;
  bool resumed = false;
};
struct MigrationSkipped {
  std::string id;
  std::string reason;
};
struct PhaseStarted {
  std::string id;
  plan::Phase phase;
};
struct PhaseDone {
  std::string id;
  plan::Phase phase;
  std::chrono::milliseconds took{0};
};
struct StepStarted {
  std::string id;
  std::string step;
  std::string title;
};
struct StepDone {
  std::string id;
  std::string step;
  std::chrono::milliseconds took{0};
};
struct StepUndone {
  std::string id;
  std::string step;
  std::string title;
};
/// Something to wait for, over 2 s or a failed lock attempt.
struct Waiting {
  std::string id;
  std::string what;  ///< "a lock on public.orders", "old transactions".
  int attempt = 0;   ///< 0 when it is not an attempt.
  std::chrono::milliseconds waited{0};
  std::vector<Blocker> blockers;
};
/// A step that blocks reads or writes had its locks.
struct LockHeld {
  std::string id;
  std::string step;
  std::chrono::duration<double, std::milli> waited{0};  ///< In the queue.
  std::chrono::duration<double, std::milli> held{0};    ///< COMMIT included.
};
/// State of a running backfill or verify; sent after each batch.
struct Progress {
  std::string id;
  std::string step;
  plan::Phase phase = plan::Phase::backfill;
  std::int64_t rows = 0;  ///< Written (backfill) or compared (verify) so far.
  std::int64_t blocks_done = 0;
  std::int64_t blocks_total = 0;
  double rows_per_second = 0;                    ///< Over the last 30 s.
  std::optional<std::chrono::milliseconds> eta;  ///< Without time held up.
  std::optional<std::chrono::milliseconds> eta_before;  ///< Ten minutes ago.
  std::int64_t wal_bytes = 0;
  double hot_share = 0;  ///< 0..1 of this run's updates.
  std::int64_t quarantined = 0;
  int workers = 1;
  std::string waiting_for;  ///< Empty, or every reason why it does not move.
};
struct Warning {
  std::string id;
  std::string code;
  std::string message;
  std::string hint;
};
struct VerifyResult {
  std::string id;
  std::string table;
  std::int64_t rows = 0;
  std::int64_t differences = 0;
  std::int64_t repaired = 0;
  std::int64_t quarantined = 0;
  std::vector<std::string> sample_keys;
};
/// Apply stopped where running code would notice.
struct StoppedBeforeSwitch {
  std::string id;
  std::vector<std::string> because;
};
struct MigrationDone {
  std::string id;
  plan::Phase reached;
  std::chrono::milliseconds took{0};
};
struct RolledBack {
  std::string id;
  std::vector<std::string> stays;
};

using Event = std::variant<MigrationStarted,
                           MigrationSkipped,
                           PhaseStarted,
                           PhaseDone,
                           StepStarted,
                           StepDone,
                           StepUndone,
                           Waiting,
                           LockHeld,
                           Progress,
                           Warning,
                           VerifyResult,
                           StoppedBeforeSwitch,
                           MigrationDone,
                           RolledBack>;

/// Where events go. Implementations must not throw; called from one thread at
/// a time (the sender serialises).
class Reporter {
 public:
  Reporter() = default;
  Reporter(const Reporter&) = delete;
  Reporter& operator=(const Reporter&) = delete;
  virtual ~Reporter() = default;
  virtual void on(const Event& event) = 0;
};

}  // namespace pgexpand::report
