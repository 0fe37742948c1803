#include "backfill/trouble.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace pgexpand::backfill {
namespace {

constexpr std::array<std::string_view, 5> servers_own{"08", "53", "57", "58",
                                                      "XX"};

}  // namespace

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
  const bool is_servers = std::ranges::any_of(
      servers_own, [&](auto prefix) { return state.starts_with(prefix); });
  return is_servers ? Trouble::fatal : Trouble::row;
}

}  // namespace pgexpand::backfill
