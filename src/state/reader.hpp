#pragma once

#include "pgexpand/base/assert.hpp"
#include "pgexpand/pg/session.hpp"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>

namespace pgexpand::state {

/// Reads one row of a result by column name. SQL NULL reads as empty or 0.
class Reader {
 public:
  Reader(const pg::Result& result, const pg::Row& row)
      : result_(result), row_(row) {}

  [[nodiscard]] const pg::Value& value(std::string_view column) const {
    const auto found = std::ranges::find(result_.columns, column);
    PGEXPAND_ASSERT(found != result_.columns.end());
    return row_.at(static_cast<std::size_t>(found - result_.columns.begin()));
  }
  [[nodiscard]] std::string text(std::string_view column) const {
    return value(column).value_or("");
  }
  [[nodiscard]] std::int64_t number(std::string_view column) const {
    const std::string digits = text(column);
    std::int64_t parsed = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), parsed);
    return parsed;
  }
  [[nodiscard]] bool flag(std::string_view column) const {
    return text(column) == "t";
  }

 private:
  const pg::Result& result_;
  const pg::Row& row_;
};

}  // namespace pgexpand::state
