#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/base/error.hpp"
#include "pgexpand/report/style.hpp"

#include <iosfwd>

namespace pgexpand::report {

/// Prints one finding: `error[code]: message`, the place, the line with a
/// caret, the hint.
void print(const Diagnostic& finding, std::ostream& out, const Style& style);

/// Prints all findings in order, one empty line after each.
void print(const Diagnostics& findings, std::ostream& out, const Style& style);

/// Prints an error: `error[code]: message`, then DETAIL, HINT and SQLSTATE as
/// far as they are known.
void print(const Error& error, std::ostream& out, const Style& style);

}  // namespace pgexpand::report
