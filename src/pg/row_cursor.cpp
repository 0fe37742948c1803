#include "pg/row_cursor.hpp"

#include "pgexpand/base/assert.hpp"

namespace pgexpand::pg {

const Value& RowCursor::take() {
  PGEXPAND_ASSERT(next_ < row_.size());
  return row_[next_++];
}

std::string RowCursor::text() {
  const Value& value = take();
  PGEXPAND_ASSERT(value.has_value());
  return *value;
}

std::optional<std::string> RowCursor::optional_text() { return take(); }

sql::Identifier RowCursor::identifier() { return sql::Identifier(text()); }

sql::TableName RowCursor::relation() {
  sql::Identifier schema = identifier();
  return {std::move(schema), identifier()};
}

std::optional<sql::TableName> RowCursor::optional_relation() {
  const auto schema = optional_identifier();
  const auto name = optional_identifier();
  if (!schema || !name) {
    return std::nullopt;
  }
  return sql::TableName{*schema, *name};
}

std::optional<sql::Identifier> RowCursor::optional_identifier() {
  const Value& value = take();
  return value ? std::optional(sql::Identifier(*value)) : std::nullopt;
}

std::optional<sql::Expression> RowCursor::optional_expression() {
  const Value& value = take();
  return value ? std::optional(sql::Expression{*value}) : std::nullopt;
}

bool RowCursor::boolean() { return text() == "t"; }

char RowCursor::letter() {
  const std::string value = text();
  PGEXPAND_ASSERT(value.size() == 1);
  return value.front();
}

std::optional<char> RowCursor::optional_letter() {
  const Value& value = take();
  return value && !value->empty() ? std::optional(value->front())
                                  : std::nullopt;
}

std::int64_t RowCursor::integer() { return std::stoll(text()); }

int RowCursor::small() { return std::stoi(text()); }

std::optional<int> RowCursor::optional_small() {
  const Value& value = take();
  return value ? std::optional(std::stoi(*value)) : std::nullopt;
}

std::uint32_t RowCursor::oid() {
  return static_cast<std::uint32_t>(std::stoul(text()));
}

double RowCursor::real() { return std::stod(text()); }

nlohmann::json RowCursor::json_array() {
  const Value& value = take();
  return value ? nlohmann::json::parse(*value) : nlohmann::json::array();
}

std::vector<std::string> RowCursor::texts() {
  return json_array().get<std::vector<std::string>>();
}

std::vector<sql::Identifier> RowCursor::identifiers() {
  std::vector<sql::Identifier> names;
  for (auto& name : texts()) {
    names.emplace_back(std::move(name));
  }
  return names;
}

}  // namespace pgexpand::pg
