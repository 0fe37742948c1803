#pragma once

#include "backfill/batch_size.hpp"
#include "backfill/board.hpp"
#include "backfill/table_facts.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/state/store.hpp"

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace pgexpand::backfill {

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
  std::int64_t blocks_done = 0;  ///< Block reached; part of a window counts.
  std::string key{};             ///< Key order: the last key done.
};

enum class Verdict {
  committed,
  halted,  ///< Nothing was done; Board::halted() says why.
};

/// One range of one leaf: its cursor, and the transactions that move it.
///
/// Knows nothing of what a batch does. Every batch is one transaction together
/// with the cursor behind it; errors pass through with the cursor at the last
/// commit.
class TableWalk {
 public:
  /// `range` is saved already. Reads the table. `rows_since_rest` belongs to
  /// the worker: many small leaves share a rest.
  TableWalk(Board& board,
            pg::Session& session,
            const sql::TableName& leaf,
            state::Progress range,
            std::int64_t& rows_since_rest);

  /// One transaction: settings, orders, `work`, cursor. `asked_rows` is what it
  /// was sized for; 0 keeps it out of the statistics.
  Verdict batch(const Cursor& after,
                std::int64_t asked_rows,
                const std::function<Tally()>& work);
  /// The range is done.
  void finish();
  /// Key order: the last key to do; empty: there is none. Saved with the next
  /// batch.
  void set_key_bound(std::string key) { progress_.key_bound = std::move(key); }
  /// Sleeps between batches, outside any transaction; not after one that had
  /// next to no rows.
  void rest();
  /// Backs off after the `attempt`-th clash with other transactions, and says
  /// so, from the third on naming them. False: the walk is halted.
  bool back_off(int attempt, Blocks blocks);

  [[nodiscard]] const state::Progress& progress() const { return progress_; }
  /// Blocks of this leaf cannot be walked.
  [[nodiscard]] bool goes_by_key() const {
    return !progress_.key_bound.empty();
  }
  [[nodiscard]] const sql::TableName& leaf() const { return leaf_; }
  [[nodiscard]] const TableFacts& facts() const { return facts_; }
  [[nodiscard]] BatchSize& size() { return size_; }
  [[nodiscard]] double rows_per_block() const { return facts_.rows_per_block; }
  /// Rows of the last batch that stayed in their page without index entries.
  [[nodiscard]] std::int64_t hot_rows() const { return last_hot_rows_; }
  /// A window was denser than the estimate.
  void learn_density(double rows_per_block);
  [[nodiscard]] pg::Session& session() { return session_; }
  [[nodiscard]] state::Store& store() { return store_; }
  [[nodiscard]] Board& board() { return board_; }

 private:
  struct Effect;
  struct Start;
  void read_table();
  /// Waits while the throttle has reasons. False: the walk is halted.
  bool wait_for_throttle();
  /// Live orders and the reason to wait, in a transaction of their own.
  void look_at_orders(const std::string& reason);
  [[nodiscard]] Start open_batch();
  [[nodiscard]] Effect close_batch(const state::Progress& next,
                                   const Start& start);
  [[nodiscard]] state::Progress advanced(const Cursor& after,
                                         const Tally& tally) const;
  bool obey(const state::Store::BatchOrders& orders);
  void record_wait(Blocks blocks);
  [[nodiscard]] bool is_halted();
  [[nodiscard]] pg::Timeouts timeouts() const;

  Board& board_;
  const Walk& walk_;
  pg::Session& session_;
  const sql::TableName leaf_;
  const milliseconds lock_timeout_;
  state::Store store_;
  TableFacts facts_;
  state::Progress progress_;
  BatchSize size_;
  std::int64_t last_hot_rows_ = 0;
  std::int64_t& rows_since_rest_;
};

}  // namespace pgexpand::backfill
