#include "backfill/coarse.hpp"

#include "pgexpand/base/units.hpp"

#include <algorithm>
#include <array>

namespace pgexpand::backfill {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::chrono::milliseconds, 21> steps{
    100ms, 200ms, 500ms, 1s,    2s, 5s, 10s, 20s, 30s, 1min, 2min,
    5min,  10min, 20min, 30min, 1h, 2h, 5h,  10h, 24h, 48h};

}  // namespace

std::string coarse(std::chrono::milliseconds time) {
  const auto above = std::ranges::upper_bound(steps, time);
  if (above == steps.begin()) {
    return "0ms";
  }
  const auto day = steps.at(19);
  const auto shown = time >= day ? time / day * day : *std::prev(above);
  return format_duration(shown);
}

}  // namespace pgexpand::backfill
