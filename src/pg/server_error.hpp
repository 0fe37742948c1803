#pragma once

#include "pgexpand/base/error.hpp"

#include <string>
#include <string_view>

namespace pgexpand::pg {

/// What the server says about one error, field by field. Empty: not given.
struct ServerError {
  std::string severity;  ///< Not localised: ERROR, FATAL.
  std::string sqlstate;
  std::string message, detail, hint;
  std::string schema, table, column, type, constraint;
  std::string position;  ///< 1-based character of the statement.
};

/// True if it ended the session, whatever its sqlstate.
[[nodiscard]] bool is_fatal(const ServerError& error) noexcept;

/// True if MESSAGE may quote a row's values: classes 22 and 23.
[[nodiscard]] bool may_hold_row_data(std::string_view sqlstate) noexcept;

/// What class 22 or 23 means, in words that hold no value.
[[nodiscard]] std::string general_text(std::string_view sqlstate);

/// Translates an error the server reported. DETAIL, and MESSAGE and HINT of
/// classes 22 and 23, only with `show_data`; the names of table, column, type
/// and constraint always.
[[nodiscard]] Error to_error(const ServerError& error, bool show_data);

}  // namespace pgexpand::pg
