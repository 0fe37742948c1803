#pragma once

#include "backfill/batch_size.hpp"
#include "backfill/meter.hpp"
#include "backfill/table_facts.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/state/store.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace pgexpand::backfill {

/// How one kind of walk differs from another.
struct WalkStyle {
  plan::Phase phase = plan::Phase::backfill;
  bool skips_triggers = false;  ///< Wanted and safe; the role may lack it.
  int worker = 0;               ///< Whose cursor.
  int batch_factor = 1;         ///< Reading is lighter: more rows, more time.
};

/// What a batch did.
struct Tally {
  std::int64_t rows = 0;
  std::int64_t differences = 0;
  std::int64_t quarantined = 0;
};

/// Where the walk goes on after a batch, and how far that is.
struct Cursor {
  std::int64_t next_block = 0;
  int pass = 0;
  std::int64_t blocks_done = 0;  ///< For display: part of a window counts.
};

enum class Verdict {
  committed,
  stopped,    ///< should_stop(); nothing was done.
  paused,     ///< By an order; nothing was done.
  rewritten,  ///< The table is another file: the cursor is back at block 0.
};

/// A cursor over one table, and the transactions that move it.
///
/// Knows nothing of what a batch does. Every batch is one transaction together
/// with the cursor behind it; errors pass through with the cursor at the last
/// commit.
class TableWalk {
 public:
  TableWalk(const Walk& walk,
            const Pace& pace,
            const sql::TableName& table,
            const WalkStyle& style);

  /// Reads the cursor, and the table. A cursor of a file that is gone starts
  /// again; none makes one.
  void load();
  /// From block 0 to the table's end as it is now.
  void restart();
  /// The bound, taken again. True if it grew.
  bool extend();

  /// One transaction: settings, orders, `work`, cursor. `asked_rows` is what it
  /// was sized for; 0 keeps it out of the statistics.
  Verdict batch(const Cursor& after,
                std::int64_t asked_rows,
                const std::function<Tally()>& work);
  /// Saves progress() as it is.
  void save();
  /// Sleeps between batches, outside any transaction.
  void rest();
  /// Backs off after the `attempt`-th clash with other transactions, and says
  /// so, from the third on naming them. False: asked to stop.
  bool back_off(int attempt, Blocks blocks);
  [[nodiscard]] bool should_stop() const { return walk_.should_stop(); }

  [[nodiscard]] state::Progress& progress() { return progress_; }
  [[nodiscard]] const state::Progress& progress() const { return progress_; }
  [[nodiscard]] const TableFacts& facts() const { return facts_; }
  [[nodiscard]] BatchSize& size() { return size_; }
  [[nodiscard]] double rows_per_block() const { return facts_.rows_per_block; }
  /// A window was denser than the estimate.
  void learn_density(double rows_per_block);
  [[nodiscard]] pg::Session& session() { return walk_.session; }
  [[nodiscard]] state::Store& store() { return store_; }
  [[nodiscard]] const std::string& paused_by() const { return paused_by_; }

 private:
  struct Effect;
  struct Start;
  [[nodiscard]] Start open_batch();
  [[nodiscard]] Effect measure(const Start& start);
  [[nodiscard]] state::Progress advanced(const Cursor& after,
                                         const Tally& tally,
                                         const Effect& effect) const;
  void read_table();
  void obey(const state::Store::BatchOrders& orders);
  void report();
  void record_wait(Blocks blocks);
  [[nodiscard]] pg::Timeouts timeouts() const;

  const Walk& walk_;
  Pace pace_;
  const sql::TableName& table_;
  WalkStyle style_;
  state::Store store_;
  TableFacts facts_;
  state::Progress progress_;
  BatchSize size_;
  Meter meter_;
  std::int64_t blocks_done_ = 0;
  std::int64_t updated_rows_ = 0;  ///< By this run, for the HOT share.
  std::int64_t hot_rows_ = 0;
  std::string paused_by_;
};

}  // namespace pgexpand::backfill
