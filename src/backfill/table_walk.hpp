#pragma once

#include "backfill/batch_size.hpp"
#include "backfill/board.hpp"
#include "backfill/slice.hpp"
#include "backfill/table_facts.hpp"
#include "backfill/windows.hpp"
#include "pgexpand/backfill/engine.hpp"
#include "pgexpand/state/store.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace pgexpand::backfill {

enum class Verdict {
  committed,
  halted,  ///< Nothing was done; Board::halted() says why.
};

/// One range of one leaf: its cursor, and the transactions that move it.
///
/// Knows nothing of what a batch does. A batch is cut into slices, each one
/// transaction together with the cursor behind it, and what is said of pauses
/// and sizes is said of batches. Errors leave the cursor at the last commit.
class TableWalk {
 public:
  /// `range` is saved already. Reads the table. `rows_since_rest` belongs to
  /// the worker: many small leaves share a rest.
  TableWalk(Board& board,
            pg::Session& session,
            const sql::TableName& leaf,
            state::Progress range,
            std::int64_t& rows_since_rest);

  /// Sends `slices` in one go: each with its orders and its cursor, and with
  /// its share of the pause after it but for the last. None begins unless the
  /// one before it was committed.
  SlicesDone run(const std::vector<Slice>& slices);
  /// The same for one, whose error is thrown.
  Verdict run_one(const Slice& slice, Tally& tally);
  /// How many slices to send in one go: so many that the way to the server
  /// takes little of the time. Beside it that is one.
  [[nodiscard]] std::size_t slices_in_one_go() const;
  /// The range is done.
  void finish();
  /// Key order: the last key to do; empty: there is none. Saved with the next
  /// batch.
  void set_key_bound(std::string key) { progress_.key_bound = std::move(key); }
  /// Sleeps after the last slice that was sent, for its share of the pause,
  /// outside any transaction; not yet where that is next to nothing.
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
  /// Of a slice.
  [[nodiscard]] BatchSize& size() { return size_; }
  /// Rows of a whole batch: as many as the slices of `batch_target` take.
  [[nodiscard]] std::int64_t batch_rows() const;
  [[nodiscard]] double rows_per_block() const { return facts_.rows_per_block; }
  /// A window was denser than the estimate.
  void learn_density(double rows_per_block);
  [[nodiscard]] pg::Session& session() { return session_; }
  [[nodiscard]] const sql::Settings& settings() const { return walk_.settings; }
  [[nodiscard]] const sql::Identifier& state_schema() const {
    return walk_.state_schema;
  }
  [[nodiscard]] Board& board() { return board_; }

 private:
  struct Places;
  void read_table();
  /// Waits while the throttle has reasons. False: the walk is halted.
  bool wait_for_throttle();
  /// Live orders and the reason to wait, in a transaction of their own.
  void look_at_orders(const std::string& reason);
  /// Orders, and what comes before the work. Returns where the orders are.
  std::size_t queue_opening(const Slice& slice, const state::Progress& from);
  /// The work with its cursor. Returns where it is.
  std::size_t queue_closing(const state::Store::Work& work,
                            const state::Progress& after);
  [[nodiscard]] Places queue_slice(const Slice& slice,
                                   const state::Progress& from,
                                   const state::Progress& after);
  SlicesDone run_counted(const Slice& slice);
  [[nodiscard]] state::Progress advanced(const state::Progress& from,
                                         const Slice& slice) const;
  /// Takes over what a committed slice answered.
  [[nodiscard]] Tally take(const pg::Answers& answers,
                           const Places& places,
                           const Slice& slice);
  /// A condition that a slice met on the server is no error of the walk.
  [[nodiscard]] bool is_halt(const Error& error);
  [[nodiscard]] milliseconds pause_after(double rows) const;
  void set_sizes(const Pace& pace);
  /// To the server and back, where that is worth a word.
  [[nodiscard]] milliseconds way() const;
  void learn_distance(double waited_ms, std::size_t slices);
  bool obey(const state::WalkSettings& live);
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
  double distance_ms_ = 0;  ///< Of a round trip to the server.
  std::int64_t& rows_since_rest_;
};

}  // namespace pgexpand::backfill
