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

sql::Expression of_row(const sql::Identifier& column) {
  return sql::compose("t.{}", column);
}

}  // namespace pgexpand::ops
