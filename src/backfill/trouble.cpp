#include "backfill/trouble.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace pgexpand::backfill {
namespace {

// Classes of SQLSTATE that tell of the server, of rights, of what is not there
// or cannot be done: every row would fail alike. Others tell of a value, or are
// a user's own.
constexpr std::array<std::string_view, 21> no_rows_fault{
    "08", "0A", "0B", "0L", "0P", "25", "26", "28", "2B", "2D", "34",
    "3B", "3D", "3F", "42", "53", "55", "57", "58", "F0", "XX"};

}  // namespace

sql::Expression classes_that_end_a_batch() {
  std::string list = "'40'";  // contention
  for (const std::string_view each : no_rows_fault) {
    list += fmt::format(", '{}'", each);
  }
  return {list};
}

Trouble classify(const Error& error) {
  const std::string& state = error.sqlstate();
  if (error.kind() == ErrorKind::lock_timeout || state == "55P03" ||
      state.starts_with("40")) {
    return Trouble::contention;
  }
  if (error.kind() != ErrorKind::database || state.size() != 5) {
    return Trouble::fatal;
  }
  if (state == "57014") {
    return Trouble::cancelled;
  }
  const bool is_rows = std::ranges::none_of(
      no_rows_fault, [&](auto prefix) { return state.starts_with(prefix); });
  return is_rows ? Trouble::row : Trouble::fatal;
}

}  // namespace pgexpand::backfill
