#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/campaign/outlook.hpp"
#include "pgexpand/campaign/roster.hpp"
#include "pgexpand/campaign/target.hpp"
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/state/store.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::campaign {

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
  Workbench(Target& target, Access access);

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
[[nodiscard]] sql::Identifier state_schema(Target& target);

/// Reads and checks all specs, without a database. Findings are shown;
/// blocking ones stop the command with exit code 2.
[[nodiscard]] std::vector<spec::MigrationSpec> load_specs(Target& target);

/// The specs as far as they can be read, nothing without a folder: for a
/// command that must work when some are bad. `lint` speaks of those.
[[nodiscard]] std::vector<spec::MigrationSpec> load_readable_specs(
    Target& target);

/// The specs without a fault, and what became of the others.
struct SoundSpecs {
  std::vector<spec::MigrationSpec> specs;
  std::vector<std::string> bad_files;  ///< As paths; their findings were shown.
  std::optional<Error> problem;        ///< What load_specs() would have thrown.
};
/// load_specs() for a run that does what can be done. Stops the command if no
/// file is sound.
[[nodiscard]] SoundSpecs load_sound_specs(Target& target);

/// Stops the command with exit code 2 if a spec depends on a migration that
/// is neither in the folder, one of `bad_files` included, nor in the database.
void check_dependencies(Target& target,
                        const Roster& roster,
                        const std::vector<std::string>& bad_files = {});

/// How things stand, without a lease; null: nothing has run yet, or not with
/// this version of the state schema. If nothing has, the first
/// of `ids` (of all without any) that would run is planned: one that is refused
/// stops the command before the state schema is made.
[[nodiscard]] std::unique_ptr<Roster> look_first(
    Target& target,
    const std::vector<spec::MigrationSpec>& specs,
    const std::vector<std::string>& ids,
    const std::vector<std::string>& bad_files = {});

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

}  // namespace pgexpand::campaign
