#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/spec/migration_spec.hpp"

#include <fmt/format.h>

#include <string>
#include <vector>

namespace pgexpand::spec {

/// Each finding as "line:column code".
inline std::vector<std::string> places(const Diagnostics& findings) {
  std::vector<std::string> result;
  for (const Diagnostic& finding : findings.all()) {
    result.push_back(fmt::format("{}:{} {}", finding.where.line,
                                 finding.where.column, finding.code));
  }
  return result;
}

/// What parsing `text` as a migration finds.
inline std::vector<std::string> places_in(const std::string& text) {
  Diagnostics findings;
  static_cast<void>(parse(text, "a.yaml", findings));
  return places(findings);
}

inline const std::string one_operation =
    "operations:\n"
    "  - drop_table:\n"
    "      table: orders\n";

}  // namespace pgexpand::spec
