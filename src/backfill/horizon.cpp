#include "backfill/horizon.hpp"

#include "backfill/coarse.hpp"

#include <fmt/format.h>

namespace pgexpand::backfill {
namespace {

constexpr std::chrono::seconds pinned_after{2};

}  // namespace

void Horizon::follow(TimePoint now, const std::vector<HorizonHolder>& holders) {
  std::map<std::string, Held> still;
  const HorizonHolder* oldest = nullptr;
  for (const HorizonHolder& holder : holders) {
    const auto before = held_.find(holder.key);
    const bool is_same =
        before != held_.end() && before->second.xmin == holder.xmin;
    const TimePoint since = is_same ? before->second.since : now - holder.held;
    still[holder.key] = {.xmin = holder.xmin, .since = since};
    if (now - since >= pinned_after &&
        (oldest == nullptr || holder.xids_back > oldest->xids_back)) {
      oldest = &holder;
    }
  }
  held_ = std::move(still);
  name_it(oldest);
}

void Horizon::name_it(const HorizonHolder* holder) {
  if (holder == nullptr) {
    key_.clear();
    first_text_.reset();
    text_.reset();
    return;
  }
  text_ = holder->open_for
              ? fmt::format("{}, transaction open for {}", holder->name,
                            coarse(*holder->open_for))
              : holder->name;
  if (holder->key != key_) {
    key_ = holder->key;
    first_text_ = text_;
  }
}

}  // namespace pgexpand::backfill
