#pragma once

#include "pgexpand/base/error.hpp"

namespace pgexpand::exec {

[[nodiscard]] inline bool is_cancelled(const Error& error) {
  return error.sqlstate() == "57014";
}

/// The link broke, perhaps in the middle of a COMMIT.
[[nodiscard]] inline bool is_lost_link(const Error& error) {
  return error.kind() == ErrorKind::connection ||
         error.kind() == ErrorKind::in_doubt;
}

/// What the statement is about is not there: a table, a column, a trigger, an
/// index, a constraint, a function.
[[nodiscard]] inline bool is_gone(const Error& error) {
  const auto& state = error.sqlstate();
  return state == "42P01" || state == "42703" || state == "42704" ||
         state == "42883";
}

/// Somebody was in the way; the same thing may work a moment later.
[[nodiscard]] inline bool is_contention(const Error& error) {
  // XX000 is how the server reports two GRANTs or CREATE OR REPLACE FUNCTIONs
  // at the same time; it has no better code for it.
  return error.kind() == ErrorKind::lock_timeout ||
         error.sqlstate() == "55P03" || error.sqlstate() == "40P01" ||
         (error.sqlstate() == "XX000" &&
          error.message().find("tuple concurrently") != std::string::npos);
}

}  // namespace pgexpand::exec
