#pragma once

#include "backfill/meter.hpp"
#include "backfill/throttle.hpp"
#include "backfill/walk_style.hpp"
#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/state/store.hpp"

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace pgexpand::backfill {

/// Why all workers end at their next batch boundary.
enum class Halt {
  none,
  stopped,    ///< should_stop().
  paused,     ///< By an order.
  rewritten,  ///< A table is another file.
  regroup,    ///< Another number of workers is wanted.
  failed,     ///< One of them threw.
};

/// What the workers of one walk share: the settings in force, what holds them
/// up, how far all of them are. Thread-safe.
class Board {
 public:
  Board(const Walk& walk, const Pace& pace, const WalkStyle& style);

  /// With the live orders made.
  [[nodiscard]] Pace pace() const;
  void obey(const state::WalkSettings& live);
  /// Sets the limits that `style` does not care for aside.
  [[nodiscard]] Limits limits() const;

  /// The first reason stays.
  void halt(Halt why, const std::string& paused_by = {});
  [[nodiscard]] Halt halted() const { return halt_; }
  [[nodiscard]] std::string paused_by() const;

  /// Before the workers start: the ranges as they are, and how many work.
  void gather(const std::vector<state::Progress>& ranges, int workers);
  /// One range came further; `updated` rows, `hot` of them in place.
  void record(const state::Progress& range,
              std::int64_t updated,
              std::int64_t hot);
  /// Of the whole step, into what is saved with a range.
  void add_figures(state::Progress& range) const;
  /// Tells the reporter, with `waiting_for`.
  void report(const std::string& waiting_for);
  /// Time that says nothing about speed.
  void exclude(milliseconds held_up);

  [[nodiscard]] const Walk& walk() const { return walk_; }
  [[nodiscard]] const WalkStyle& style() const { return style_; }
  [[nodiscard]] Throttle& throttle() { return throttle_; }
  /// Who keeps dead rows from being reused; warns of each one once.
  [[nodiscard]] bool is_pinned();

 private:
  struct Counts {
    std::int64_t rows = 0;
    std::int64_t blocks_done = 0;
    std::int64_t blocks = 0;
    std::int64_t wal_bytes = 0;
    std::int64_t quarantined = 0;
  };
  void count(const state::Progress& range);
  [[nodiscard]] Counts total() const;
  void send(const std::string& waiting_for);

  const Walk& walk_;
  const Pace base_;
  const WalkStyle style_;
  Throttle throttle_;
  std::atomic<Halt> halt_{Halt::none};

  mutable std::mutex mutex_;  ///< Guards what follows.
  Pace pace_;
  std::string paused_by_;
  std::map<int, Counts> counts_;
  Meter meter_;
  int workers_ = 1;
  std::int64_t updated_ = 0;
  std::int64_t hot_ = 0;
  std::string warned_of_;
};

}  // namespace pgexpand::backfill
