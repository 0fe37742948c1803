#pragma once

#include "cli/invocation.hpp"
#include "cli/outlook.hpp"
#include "cli/roster.hpp"
#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/report/plan_view.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/state/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::cli {

enum class Access {
  read,   ///< Looks only; a standby will do.
  plan,   ///< Looks only, at a database that a run could change.
  write,  ///< Creates the state schema if it is missing.
};

/// A connection with the state tables behind it.
class Workbench {
 public:
  /// Connects. Throws Error(refused) for a pooler, and for a standby unless
  /// `access` is read.
  Workbench(Invocation& invocation, Access access);

  [[nodiscard]] pg::Session& session() { return *connection_.session; }
  [[nodiscard]] const pg::Arrival& arrival() const {
    return connection_.arrival;
  }
  [[nodiscard]] state::Store& store() { return store_; }
  /// What the state tables hold; nothing when there are none yet.
  [[nodiscard]] std::vector<state::Migration> stored();

 private:
  pg::Connection connection_;
  state::Store store_;
};

/// The identifier of the state schema.
[[nodiscard]] sql::Identifier state_schema(Invocation& invocation);

/// Reads and checks all specs, without a database. Findings are shown;
/// blocking ones stop the command with exit code 2.
[[nodiscard]] std::vector<spec::MigrationSpec> load_specs(
    Invocation& invocation);

/// The specs as far as they can be read, nothing without a folder: for a
/// command that must work when some are bad. `lint` speaks of those.
[[nodiscard]] std::vector<spec::MigrationSpec> load_readable_specs(
    Invocation& invocation);

/// Stops the command with exit code 2 if a spec depends on a migration that
/// is neither in the folder nor in the database.
void check_dependencies(Invocation& invocation, const Roster& roster);

/// What is shown of the database, and the limits that hold for `spec`.
[[nodiscard]] report::PlanSetting plan_setting(Invocation& invocation,
                                               const pg::Arrival& arrival,
                                               const spec::MigrationSpec* spec);

/// Where nothing has run yet, plans the first of `ids` (of all without any)
/// that would: one that is refused stops the command before the state schema is
/// made.
void refuse_first(Invocation& invocation,
                  const std::vector<spec::MigrationSpec>& specs,
                  const std::vector<std::string>& ids);

/// One attempt to plan: the plan, unless a finding blocks.
struct Drafted {
  std::optional<plan::Plan> plan;
  Diagnostics findings;
  std::vector<sql::TableName> tables;  ///< Asked for, resolved where possible.
  std::vector<catalog::Change> changes;  ///< What the plan leaves, but for sql.
};
/// `before`: what migrations that run first will have made.
[[nodiscard]] Drafted draft(const spec::MigrationSpec& spec,
                            const spec::Settings& settings,
                            const sql::Identifier& schema,
                            pg::Session& session,
                            const pg::Arrival& arrival,
                            const Outlook& before = Outlook());

}  // namespace pgexpand::cli
