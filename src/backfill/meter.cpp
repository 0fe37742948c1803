#include "backfill/meter.hpp"

namespace pgexpand::backfill {
namespace {

constexpr std::chrono::seconds span{30};
constexpr std::chrono::minutes looking_back{10};
constexpr std::chrono::seconds between_estimates{10};

}  // namespace

Meter::Meter(TimePoint start, std::int64_t blocks_done)
    : samples_{{.at = start, .rows = 0, .blocks = blocks_done}} {}

void Meter::record(TimePoint now, std::int64_t rows, std::int64_t blocks_done) {
  samples_.push_back(
      {.at = now - excluded_, .rows = rows, .blocks = blocks_done});
  while (samples_.size() > 2 &&
         samples_.back().at - samples_.at(1).at >= span) {
    samples_.pop_front();
  }
}

void Meter::restart(TimePoint now,
                    std::int64_t rows,
                    std::int64_t blocks_done) {
  samples_ = {{.at = now - excluded_, .rows = rows, .blocks = blocks_done}};
}

double Meter::seconds() const {
  return std::chrono::duration<double>(samples_.back().at - samples_.front().at)
      .count();
}

double Meter::rows_per_second() const {
  const double elapsed = seconds();
  const auto rows = samples_.back().rows - samples_.front().rows;
  return elapsed > 0 ? static_cast<double>(rows) / elapsed : 0;
}

std::optional<milliseconds> Meter::eta(std::int64_t blocks_total) const {
  const auto walked = samples_.back().blocks - samples_.front().blocks;
  if (walked <= 0) {
    return std::nullopt;
  }
  const auto left = static_cast<double>(blocks_total - samples_.back().blocks);
  const double needed = left * seconds() / static_cast<double>(walked);
  return milliseconds(static_cast<std::int64_t>(needed * 1000));
}

void Meter::remember(TimePoint now, std::optional<milliseconds> eta) {
  if (estimates_.empty() || now - estimates_.back().at >= between_estimates) {
    estimates_.push_back({.at = now, .eta = eta});
  }
  while (estimates_.size() > 1 && now - estimates_.at(1).at >= looking_back) {
    estimates_.pop_front();
  }
}

std::optional<milliseconds> Meter::eta_before() const {
  const bool is_old_enough =
      !estimates_.empty() && estimates_.back().at - estimates_.front().at >=
                                 looking_back - between_estimates;
  return is_old_enough ? estimates_.front().eta : std::nullopt;
}

}  // namespace pgexpand::backfill
