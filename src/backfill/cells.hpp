#pragma once

#include "pgexpand/pg/session.hpp"

#include <charconv>
#include <cstdint>
#include <string>

namespace pgexpand::backfill {

/// A number the server sent; NULL reads as 0.
[[nodiscard]] inline std::int64_t number(const pg::Value& cell) {
  std::int64_t parsed = 0;
  if (cell) {
    std::from_chars(cell->data(), cell->data() + cell->size(), parsed);
  }
  return parsed;
}

[[nodiscard]] inline std::string text(const pg::Value& cell) {
  return cell.value_or("");
}

}  // namespace pgexpand::backfill
