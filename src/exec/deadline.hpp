#pragma once

#include "pgexpand/sql/statement.hpp"

#include <chrono>

namespace pgexpand::exec {

/// A limit for several statements of one transaction together, kept by the
/// server. statement_timeout counts anew for each statement, so what is left is
/// given to the next one in between, where nobody has to wait for a client that
/// is far away. Fully qualified: the search_path may be the user's.

/// From now on. Answers the server's clock in milliseconds.
[[nodiscard]] sql::Statement start_deadline(std::chrono::milliseconds limit);
/// Leaves the next statement what is left of it, 1 ms at least.
[[nodiscard]] sql::Statement limit_to_deadline();
/// The server's clock in milliseconds.
[[nodiscard]] sql::Statement read_clock();

}  // namespace pgexpand::exec
