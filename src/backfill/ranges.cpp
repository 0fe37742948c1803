#include "backfill/ranges.hpp"

#include <algorithm>

namespace pgexpand::backfill {

using state::Progress;

bool Ranges::all_done() const {
  return std::ranges::all_of(all_, &Progress::done);
}

std::int64_t Ranges::round_rows() const {
  std::int64_t rows = 0;
  for (const Progress& range : all_) {
    rows += range.round_rows;
  }
  return rows;
}

bool Ranges::has_quarantined() const {
  return std::ranges::any_of(
      all_, [](const Progress& range) { return range.quarantined > 0; });
}

int Ranges::round() const {
  int latest = 0;
  for (const Progress& range : all_) {
    latest = std::max(latest, range.round);
  }
  return latest;
}

int Ranges::next_number() const {
  int next = 0;
  for (const Progress& range : all_) {
    next = std::max(next, range.worker + 1);
  }
  return next;
}

Progress Ranges::fresh(const Leaf& leaf) const {
  Progress range;
  range.worker = next_number();
  range.relation = leaf.oid;
  range.leaf = leaf.table.quoted();
  range.relfilenode = leaf.relfilenode;
  range.bound_block = leaf.blocks;
  range.round = round();
  if (!leaf.has_blocks) {
    range.key_bound = unread_key_bound;
  }
  return range;
}

void Ranges::add_counts(Progress& to, const Progress& of) {
  to.rows += of.rows;
  to.round_rows += of.round_rows;
  to.differences += of.differences;
  to.quarantined += of.quarantined;
  to.wal_bytes += of.wal_bytes;
  to.hot_rows += of.hot_rows;
}

void Ranges::restart(const Leaf& leaf) {
  Progress again = fresh(leaf);
  for (const Progress& range : all_) {
    if (range.relation == leaf.oid) {
      add_counts(again, range);
      again.worker = std::min(again.worker, range.worker);
    }
  }
  std::erase_if(
      all_, [&](const Progress& range) { return range.relation == leaf.oid; });
  all_.push_back(again);
}

bool Ranges::adopt(const std::vector<Leaf>& leaves) {
  bool changed = false;
  for (const Leaf& leaf : leaves) {
    bool is_known = false;
    bool is_stale = false;
    for (const Progress& range : all_) {
      const bool is_ours = range.relation == leaf.oid;
      is_known = is_known || is_ours;
      is_stale = is_stale || (is_ours && !range.done &&
                              range.relfilenode != leaf.relfilenode);
    }
    if (!is_known) {
      all_.push_back(fresh(leaf));
    } else if (is_stale) {
      restart(leaf);
    }
    changed = changed || !is_known || is_stale;
  }
  for (Progress& range : all_) {
    const bool is_gone =
        std::ranges::find(leaves, range.relation, &Leaf::oid) == leaves.end();
    if (is_gone && !range.done) {
      range.done = true;
      changed = true;
    }
  }
  return changed;
}

void Ranges::start_round(const std::vector<Leaf>& leaves, int round) {
  for (const Leaf& leaf : leaves) {
    restart(leaf);
    all_.back().round_rows = 0;
    all_.back().round = round;
  }
}

bool Ranges::extend(const std::vector<Leaf>& leaves) {
  bool grew = false;
  for (const Leaf& leaf : leaves) {
    std::int64_t end = 0;
    for (const Progress& range : all_) {
      if (range.relation == leaf.oid) {
        end = std::max(end, range.bound_block);
      }
    }
    if (leaf.has_blocks && leaf.blocks > end) {
      Progress more = fresh(leaf);
      more.first_block = more.next_block = end;
      all_.push_back(more);
      grew = true;
    }
  }
  return grew;
}

bool Ranges::share_out(int workers) {
  const auto left = [&](const Progress& range) {
    return range.done || !range.key_bound.empty()
               ? 0
               : range.bound_block - range.next_block;
  };
  bool cut = false;
  for (;;) {
    const auto unfinished = std::ranges::count(all_, false, &Progress::done);
    const auto largest = std::ranges::max_element(all_, {}, left);
    if (unfinished >= workers || largest == all_.end() ||
        left(*largest) < 2 * fewest_blocks) {
      return cut;
    }
    Progress rest;
    rest.worker = next_number();
    rest.relation = largest->relation;
    rest.leaf = largest->leaf;
    rest.relfilenode = largest->relfilenode;
    rest.round = largest->round;
    // As many parts as workers are without one, so that these are alike.
    const auto parts = workers - unfinished + 1;
    const auto keeps = std::max(left(*largest) / parts, fewest_blocks);
    rest.first_block = rest.next_block = largest->next_block + keeps;
    rest.bound_block = largest->bound_block;
    largest->bound_block = rest.first_block;
    all_.push_back(rest);
    cut = true;
  }
}

}  // namespace pgexpand::backfill
