#pragma once

#include "backfill/leaves.hpp"
#include "pgexpand/state/store.hpp"

#include <cstdint>
#include <vector>

namespace pgexpand::backfill {

/// The bound of a range that goes by key, before it was read.
inline constexpr const char* unread_key_bound = "[]";

/// The ranges of one step, each with its cursor: disjoint, and together all
/// blocks of all leaves. Pure: the caller reads and saves them.
class Ranges {
 public:
  /// A range is never cut smaller than this.
  static constexpr std::int64_t fewest_blocks = 64;

  Ranges() = default;
  explicit Ranges(std::vector<state::Progress> saved)
      : all_(std::move(saved)) {}

  [[nodiscard]] std::vector<state::Progress>& all() { return all_; }
  [[nodiscard]] const std::vector<state::Progress>& all() const { return all_; }
  [[nodiscard]] bool all_done() const;
  [[nodiscard]] std::int64_t round_rows() const;
  [[nodiscard]] bool has_quarantined() const;
  [[nodiscard]] int round() const;

  /// Makes the ranges fit the leaves as they are now: a new leaf gets one, a
  /// leaf that is gone loses its own, and one in another file that was not
  /// finished starts again. True if anything changed.
  bool adopt(const std::vector<Leaf>& leaves);
  /// All leaves again from their first block to their present end, as round
  /// `round`; counts go on.
  void start_round(const std::vector<Leaf>& leaves, int round);
  /// What leaves have grown by since, as further ranges. True if any.
  bool extend(const std::vector<Leaf>& leaves);
  /// Cuts the largest unfinished ranges until `workers` are unfinished. True if
  /// any was cut. A window may be cut: rows that are done are passed over.
  bool share_out(int workers);

 private:
  [[nodiscard]] state::Progress fresh(const Leaf& leaf) const;
  void restart(const Leaf& leaf);
  [[nodiscard]] int next_number() const;
  /// What `of` counted, added to `to`.
  static void add_counts(state::Progress& to, const state::Progress& of);

  std::vector<state::Progress> all_;
};

}  // namespace pgexpand::backfill
