#include "exec/deadline.hpp"

#include <cstdint>

namespace pgexpand::exec {
namespace {

using sql::Statement;

constexpr const char* now =
    "(extract(epoch FROM pg_catalog.clock_timestamp())"
    " OPERATOR(pg_catalog.*) 1000)";

}  // namespace

Statement start_deadline(std::chrono::milliseconds limit) {
  return Statement::of(
      "SELECT {0}, pg_catalog.set_config('pgexpand.until',"
      " ({0} OPERATOR(pg_catalog.+) {1})::pg_catalog.text, true)",
      sql::Expression{now}, std::int64_t{limit.count()});
}

Statement limit_to_deadline() {
  return Statement::of(
      "SELECT pg_catalog.set_config('statement_timeout', greatest(1,"
      " (pg_catalog.current_setting('pgexpand.until')::pg_catalog.numeric"
      " OPERATOR(pg_catalog.-) {})::pg_catalog.int8)::pg_catalog.text, true)",
      sql::Expression{now});
}

Statement read_clock() {
  return Statement::of("SELECT {}", sql::Expression{now});
}

}  // namespace pgexpand::exec
