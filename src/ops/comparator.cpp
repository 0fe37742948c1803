#include "ops/comparator.hpp"

#include "pgexpand/sql/statement.hpp"

namespace pgexpand::ops {

sql::Expression differs(const catalog::Type& type,
                        const sql::Expression& left,
                        const sql::Expression& right) {
  if (type.has_bitwise_equality) {
    return sql::compose("({}) IS DISTINCT FROM ({})", left, right);
  }
  return sql::compose(
      "ROW({})::record OPERATOR(pg_catalog.*<>) ROW({})::record", left, right);
}

sql::Expression as_type(const catalog::Type& type,
                        const sql::Expression& value) {
  return sql::compose("CAST({} AS {})", value, type.name);
}

sql::Expression in_type(const catalog::Type& type,
                        const sql::Expression& value) {
  constexpr std::uint32_t bpchar = 1042, bit = 1560;
  std::string name = type.name.text;
  const auto modifier = name.find('(');
  if (type.oid == bpchar) {
    name = "pg_catalog.bpchar";  // `character` alone is character(1)
  } else if (type.oid == bit) {
    name = "pg_catalog.\"bit\"";  // `bit` alone is bit(1)
  } else if (type.modifier >= 0 && modifier != std::string::npos) {
    name.erase(modifier, name.find(')', modifier) + 1 - modifier);
  }
  return as_type({.name = {name}}, value);
}

sql::Expression of_row(const sql::Identifier& column) {
  return sql::compose("t.{}", column);
}

}  // namespace pgexpand::ops
