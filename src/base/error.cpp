#include "pgexpand/base/error.hpp"

#include "pgexpand/base/assert.hpp"

#include <fmt/format.h>

namespace pgexpand {

int exit_code(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::usage:
    case ErrorKind::invalid_spec:
      return 2;
    case ErrorKind::connection:
    case ErrorKind::in_doubt:
      return 3;
    case ErrorKind::lock_timeout:
      return 4;
    case ErrorKind::busy:
      return 5;
    case ErrorKind::interrupted:
      return 6;
    case ErrorKind::refused:
    case ErrorKind::verification:
      return 7;
    case ErrorKind::database:
    case ErrorKind::internal:
      break;
  }
  return 1;
}

std::string_view name(ErrorKind kind) noexcept {
  switch (kind) {
    case ErrorKind::usage:
      return "usage";
    case ErrorKind::invalid_spec:
      return "invalid_spec";
    case ErrorKind::refused:
      return "refused";
    case ErrorKind::connection:
      return "connection";
    case ErrorKind::lock_timeout:
      return "lock_timeout";
    case ErrorKind::busy:
      return "busy";
    case ErrorKind::verification:
      return "verification";
    case ErrorKind::database:
      return "database";
    case ErrorKind::in_doubt:
      return "in_doubt";
    case ErrorKind::interrupted:
      return "interrupted";
    case ErrorKind::internal:
      break;
  }
  return "internal";
}

void assertion_failed(const char* condition, const char* file, int line) {
  throw Error(ErrorKind::internal, "base.assertion",
              fmt::format("assertion \"{}\" does not hold at {}:{}", condition,
                          file, line))
      .hint("report this as a bug, with the command and its output");
}

}  // namespace pgexpand
