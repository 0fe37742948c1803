#pragma once

#include "pgexpand/campaign/roster.hpp"
#include "pgexpand/exec/at_work.hpp"
#include "pgexpand/report/json.hpp"
#include "pgexpand/report/style.hpp"
#include "pgexpand/state/store.hpp"

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::cli {

/// One migration in `pgexpand status`.
struct StatusRow {
  const campaign::Known* known = nullptr;
  std::vector<state::Progress> progress;
  std::optional<state::PublishedVersion> version;
};

/// The table, with a line for each thing an operator must know.
[[nodiscard]] std::string status_text(const std::vector<StatusRow>& rows,
                                      const report::Style& style);
[[nodiscard]] report::Json status_json(const StatusRow& row);

/// For whoever looks at an unfinished run: does it still run?
[[nodiscard]] std::string runner_text(
    const std::optional<exec::AtWork>& runner);
[[nodiscard]] report::Json runner_json(
    const std::optional<exec::AtWork>& runner);

}  // namespace pgexpand::cli
