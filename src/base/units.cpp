#include "pgexpand/base/units.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace pgexpand {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// Smallest first in both tables.
constexpr std::array<Unit, 5> duration_units{{{"ms", 1},
                                              {"s", 1000},
                                              {"m", 60'000},
                                              {"h", 3'600'000},
                                              {"d", 86'400'000}}};
constexpr std::array<Unit, 5> size_units{{{"B", 1},
                                          {"kB", std::int64_t{1} << 10},
                                          {"MB", std::int64_t{1} << 20},
                                          {"GB", std::int64_t{1} << 30},
                                          {"TB", std::int64_t{1} << 40}}};

// A hundred years: a deadline of "now plus that" still fits a clock that
// counts nanoseconds in 64 bits.
constexpr std::int64_t max_duration_ms = 36'500LL * 86'400'000;

template <std::size_t N>
std::optional<std::int64_t> parse_with_unit(std::string_view text,
                                            const std::array<Unit, N>& units,
                                            std::int64_t max) {
  if (text.empty() || text.front() < '0' || text.front() > '9') {
    return std::nullopt;  // from_chars would take a minus sign
  }
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure != std::errc{}) {
    return std::nullopt;
  }
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  for (const Unit& unit : units) {
    if (unit.name == name && number <= max / unit.factor) {
      return number * unit.factor;
    }
  }
  return name.empty() && text == "0" ? std::optional<std::int64_t>(0)
                                     : std::nullopt;
}

template <std::size_t N>
std::string format_with_unit(std::int64_t value,
                             const std::array<Unit, N>& units) {
  if (value == 0) {
    return "0";
  }
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
    if (value % unit->factor == 0) {
      return fmt::format("{}{}", value / unit->factor, unit->name);
    }
  }
  return {};  // never reached: the smallest factor is 1
}

std::string two_units(std::int64_t value,
                      std::int64_t ratio,
                      std::string_view large,
                      std::string_view small) {
  if (value % ratio == 0) {
    return fmt::format("{} {}", value / ratio, large);
  }
  return fmt::format("{} {} {} {}", value / ratio, large, value % ratio, small);
}

}  // namespace

std::optional<milliseconds> parse_duration(std::string_view text) {
  const auto value = parse_with_unit(text, duration_units, max_duration_ms);
  return value ? std::optional(milliseconds(*value)) : std::nullopt;
}

std::string format_duration(milliseconds value) {
  return format_with_unit(value.count(), duration_units);
}

std::string human_duration(milliseconds value) {
  const std::int64_t ms = value.count();
  if (ms < 1000) {
    return fmt::format("{} ms", ms);
  }
  const std::int64_t tenths = (ms + 50) / 100;
  if (tenths < 600) {
    return fmt::format("{}.{} s", tenths / 10, tenths % 10);
  }
  const std::int64_t seconds = (ms + 500) / 1000;
  if (seconds < 3600) {
    return two_units(seconds, 60, "min", "s");
  }
  const std::int64_t minutes = (seconds + 30) / 60;
  if (minutes < 48 * 60) {
    return two_units(minutes, 60, "h", "min");
  }
  return two_units((minutes + 30) / 60, 24, "d", "h");
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units,
                         std::numeric_limits<std::int64_t>::max());
}

std::string format_size(std::int64_t bytes) {
  return format_with_unit(bytes, size_units);
}

std::string human_size(std::int64_t bytes) {
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (std::abs(value) >= 999.5 && unit + 1 < size_units.size()) {
    value /= 1024;
    ++unit;
  }
  const double tenths = std::round(value * 10);
  if (unit == 0 || std::abs(tenths) >= 100 || std::fmod(tenths, 10) == 0) {
    return fmt::format("{:.0f} {}", value, size_units[unit].name);
  }
  return fmt::format("{:.1f} {}", tenths / 10, size_units[unit].name);
}

std::string human_count(std::int64_t count) {
  std::string text = fmt::format("{}", count);
  const std::size_t first_digit = count < 0 ? 1 : 0;
  for (std::size_t at = text.size(); at > first_digit + 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

}  // namespace pgexpand
