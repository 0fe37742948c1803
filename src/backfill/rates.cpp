#include "backfill/rates.hpp"

#include <algorithm>
#include <vector>

namespace pgexpand::backfill {
namespace {

constexpr std::size_t commits_kept = 10;
constexpr std::size_t commits_needed = 5;
constexpr std::chrono::seconds commits_tell{10};

}  // namespace

void WalRate::record(TimePoint now, std::int64_t lsn) {
  rate_ = 0;
  if (at_ && now > *at_ && lsn > lsn_) {
    rate_ = static_cast<double>(lsn - lsn_) /
            std::chrono::duration<double>(now - *at_).count();
  }
  at_ = now;
  lsn_ = lsn;
}

void WalRate::forget() {
  at_.reset();
  rate_ = 0;
}

void CommitWatch::record(TimePoint now, std::chrono::milliseconds took) {
  last_at_ = now;
  last_.push_back(took);
  if (last_.size() > commits_kept) {
    last_.pop_front();
  }
}

std::optional<std::chrono::milliseconds> CommitWatch::median(TimePoint now) {
  if (now - last_at_ >= commits_tell) {
    last_.clear();
  }
  if (last_.size() < commits_needed) {
    return std::nullopt;
  }
  std::vector<std::chrono::milliseconds> sorted(last_.begin(), last_.end());
  std::ranges::sort(sorted);
  return sorted.at(sorted.size() / 2);
}

}  // namespace pgexpand::backfill
