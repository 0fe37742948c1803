#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/state/store.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

using std::chrono::milliseconds;

/// What a walk needs of the world besides its session. The functions are called
/// from several threads.
struct Walk {
  std::string migration;
  std::string step;
  std::int64_t epoch = 0;
  sql::Identifier state_schema;
  pg::Session& session;
  report::Reporter& reporter;
  /// True: save and stop at the next batch boundary (signal, --max-runtime).
  std::function<bool()> should_stop;
  /// Sleeps, waking early when should_stop() turns true.
  std::function<void(milliseconds)> sleep;
  /// Opens a further session with the rights of `session`, for a worker or for
  /// looking around.
  std::function<std::shared_ptr<pg::Session>()> open_session;
  sql::Settings settings{};  ///< See plan::Plan; for values alone.
};

/// When to hold the backfill up; see docs/throttle.md. None: never.
struct Limits {
  std::optional<milliseconds> max_lag{10'000};  ///< Replica lag.
  std::optional<std::int64_t> max_active;       ///< Active client backends.
  std::optional<std::int64_t> max_wal;          ///< WAL bytes per second.
  std::optional<milliseconds> max_wait;         ///< Held up longer: stop.
  bool wait_while_pinned = false;  ///< Else go on with one pass a window.
  std::optional<std::string> throttle_file;   ///< While it exists.
  std::optional<std::string> throttle_query;  ///< While it is true, or fails.
  std::string search_path{};  ///< The query's; as set_config() takes it.

  friend bool operator==(const Limits&, const Limits&) = default;
};

struct Pace {
  std::int64_t batch_rows = 10'000;  ///< Upper bound of rows a batch.
  milliseconds batch_target{100};    ///< Longer: the next one is smaller.
  milliseconds pause{100};           ///< Between batches.
  milliseconds lock_timeout{300};    ///< Per row lock; < deadlock_timeout.
  int passes = 12;                   ///< Most passes a window (K).
  int workers = 1;                   ///< Connections that fill.
  bool key_order = false;  ///< Walk the key even where blocks can be walked.
  Limits limits;
};

/// The settings of `pace` that can be changed while a walk runs, by name with
/// their unit: "batch_rows", "pause_ms", … -1: off.
[[nodiscard]] state::WalkSettings values_of(const Pace& pace);
/// `pace` with `changes` made; unknown names are passed over.
[[nodiscard]] Pace with(Pace pace, const state::WalkSettings& changes);

enum class Outcome {
  done,
  stopped,  ///< should_stop(), progress saved.
  paused,   ///< Somebody asked for it in the state schema, progress saved.
};

struct FillResult {
  Outcome outcome = Outcome::done;
  std::int64_t rows = 0;  ///< Written by all runs of this step.
  std::int64_t quarantined = 0;
  std::string paused_by;
};

/// Fills rows window by window (docs/backfill.md, HOT windows), continuing from
/// the recorded cursors; of a partitioned table or a parent, the rows of every
/// leaf. Each batch is one transaction with its cursor. Rows whose expression
/// fails go to quarantine. Returns when done or told to stop. Throws Error when
/// the server or a link fails, with the cursors at the last commit, and
/// Error(interrupted, "backfill.throttled") when held up for `max_wait`.
[[nodiscard]] FillResult fill(const plan::BackfillRows& action,
                              const Walk& walk,
                              const Pace& pace);

struct CompareResult {
  Outcome outcome = Outcome::done;
  std::int64_t rows = 0;
  std::int64_t differences = 0;  ///< Rows that differ in any comparison.
  std::int64_t quarantined = 0;
  std::vector<std::string> titles;       ///< Of the comparisons that failed.
  std::vector<std::string> sample_keys;  ///< At most 10, or ctids.
  std::string paused_by;
};

/// Asks every comparison of every row, read-only, over the same windows and
/// with as many workers, continuing from the recorded cursors.
[[nodiscard]] CompareResult compare(
    const plan::CompareRows& action,
    const std::vector<plan::Comparison>& comparisons,
    const Walk& walk,
    const Pace& pace);

/// Mends the rows that differ with each comparison's repair, in batches.
/// Not a verification: compare() again afterwards. Returns rows mended.
[[nodiscard]] std::int64_t repair(
    const plan::CompareRows& action,
    const std::vector<plan::Comparison>& comparisons,
    const Walk& walk,
    const Pace& pace);

/// Name of a partition or child of the table that is not in `met` (oids) and
/// holds a row that differs before the switch, or cannot be compared; none:
/// there is none. Reads those partitions whole.
[[nodiscard]] std::optional<std::string> find_unmet_difference(
    pg::Session& session,
    const plan::CompareRows& action,
    const std::vector<std::int64_t>& met);

}  // namespace pgexpand::backfill
