#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/event.hpp"
#include "pgexpand/sql/names.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace pgexpand::backfill {

using std::chrono::milliseconds;

/// What a walk needs of the world besides its session.
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
};

struct Pace {
  std::int64_t batch_rows = 10'000;  ///< Upper bound of rows a batch.
  milliseconds batch_target{100};    ///< Longer: the next one is smaller.
  milliseconds pause{100};           ///< Between batches.
  milliseconds lock_timeout{300};    ///< Per row lock; < deadlock_timeout.
  int passes = 10;                   ///< K of the HOT windows.
};

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

/// Fills rows window by window (backfill.md, HOT windows), continuing from the
/// recorded cursor. Each batch is one transaction with its cursor. Rows whose
/// expression fails go to quarantine. Returns when done or told to stop; throws
/// Error when the server or the link fails, with the cursor at the last commit.
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

/// Asks every comparison of every row, read-only, over the same windows,
/// continuing from the recorded cursor.
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

}  // namespace pgexpand::backfill
