#include "pg/server_error.hpp"

#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

namespace pgexpand::pg {
namespace {

using Text = std::pair<std::string_view, std::string_view>;

constexpr std::array general_texts{
    Text{"22001", "a value is too long for its type"},
    Text{"22003", "a number is out of range"},
    Text{"22004", "a NULL stands where none is allowed"},
    Text{"22007", "a text is not a date or time"},
    Text{"22008", "a date or time is out of range"},
    Text{"22012", "division by zero"},
    Text{"22021", "a text holds a character its encoding does not have"},
    Text{"22023", "a function's argument is not valid"},
    Text{"22P02", "a text cannot be read as the type"},
    Text{"22P05", "a character has no counterpart in the encoding"},
    Text{"23001", "a row is still referenced"},
    Text{"23502", "a row has NULL in a NOT NULL column"},
    Text{"23503", "a foreign key is violated"},
    Text{"23505", "a unique key occurs twice"},
    Text{"23514", "a row violates a check constraint"},
    Text{"23P01", "two rows violate an exclusion constraint"},
};

// PostgreSQL's own names, which are not row data.
std::string named_objects(const ServerError& error) {
  std::string text;
  const auto add = [&](std::string_view word, const std::string& name) {
    if (!name.empty()) {
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", word, name);
    }
  };
  if (!error.table.empty()) {
    add("table", sql::TableName{sql::Identifier(error.schema),
                                sql::Identifier(error.table)}
                     .display());
  }
  add("column", error.column);
  add("type", error.type);
  add("constraint", error.constraint);
  return text.empty() ? text : " (" + text + ")";
}

ErrorKind kind_of(const ServerError& error) {
  if (error.sqlstate == "55P03" || error.sqlstate == "40P01") {
    return ErrorKind::lock_timeout;
  }
  // Class 08 as a plain ERROR is a RAISE or a foreign server: our own link is
  // sound.
  return is_fatal(error) ? ErrorKind::connection : ErrorKind::database;
}

std::string code_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::lock_timeout:
      return "pg.lock-not-granted";
    case ErrorKind::connection:
      return "pg.connection-lost";
    default:
      return "pg.statement-failed";
  }
}

}  // namespace

bool is_fatal(const ServerError& error) noexcept {
  return error.severity == "FATAL" || error.severity == "PANIC";
}

bool may_hold_row_data(std::string_view sqlstate) noexcept {
  return sqlstate.starts_with("22") || sqlstate.starts_with("23");
}

std::string general_text(std::string_view sqlstate) {
  for (const auto& [state, text] : general_texts) {
    if (state == sqlstate) {
      return std::string(text);
    }
  }
  return sqlstate.starts_with("23") ? "a row violates a constraint"
                                    : "a value is not valid here";
}

Error to_error(const ServerError& error, bool show_data) {
  const bool withheld = !show_data && may_hold_row_data(error.sqlstate);
  std::string message =
      withheld ? general_text(error.sqlstate) + named_objects(error)
               : error.message;
  if (!error.position.empty()) {
    message += " at character " + error.position;
  }
  const ErrorKind kind = kind_of(error);
  return Error(kind, code_of(kind), std::move(message))
      .sqlstate(error.sqlstate)
      .detail(show_data ? error.detail : std::string{})
      .hint(withheld ? std::string{} : error.hint);
}

}  // namespace pgexpand::pg
