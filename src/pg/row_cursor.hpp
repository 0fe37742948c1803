#pragma once

#include "pgexpand/pg/session.hpp"
#include "pgexpand/sql/names.hpp"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// Takes the values of one row from left to right, in the order of the SELECT
/// list, each as the type it has. Asserts what the query promised: presence,
/// and that a number is one.
class RowCursor {
 public:
  explicit RowCursor(const Row& row) : row_(row) {}

  [[nodiscard]] std::string text();
  [[nodiscard]] std::optional<std::string> optional_text();
  [[nodiscard]] sql::Identifier identifier();
  /// Two values: schema, name.
  [[nodiscard]] sql::TableName relation();
  /// Two values; nullopt if the name is NULL.
  [[nodiscard]] std::optional<sql::TableName> optional_relation();
  [[nodiscard]] std::optional<sql::Identifier> optional_identifier();
  [[nodiscard]] std::optional<sql::Expression> optional_expression();
  [[nodiscard]] bool boolean();
  [[nodiscard]] char letter();
  [[nodiscard]] std::optional<char> optional_letter();  ///< '' is none too.
  [[nodiscard]] std::int64_t integer();
  [[nodiscard]] int small();
  [[nodiscard]] std::optional<int> optional_small();
  [[nodiscard]] std::uint32_t oid();
  [[nodiscard]] double real();
  /// NULL is an empty array.
  [[nodiscard]] nlohmann::json json_array();
  [[nodiscard]] std::vector<std::string> texts();
  [[nodiscard]] std::vector<sql::Identifier> identifiers();
  void skip() { ++next_; }

 private:
  const Value& take();

  const Row& row_;
  std::size_t next_ = 0;
};

}  // namespace pgexpand::pg
