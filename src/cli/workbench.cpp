#include "cli/workbench.hpp"

#include "pgexpand/base/error.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/pg/catalog_reader.hpp"
#include "pgexpand/planner/planner.hpp"

#include <fmt/format.h>

#include <utility>

namespace pgexpand::cli {
namespace {

// A file may be removed once its migration is contracted, so the folder alone
// cannot tell.
constexpr const char* unknown_dependency = "spec.unknown-dependency";

void check_target(const pg::Arrival& arrival) {
  if (arrival.is_standby) {
    throw Error(ErrorKind::refused, "target.standby",
                fmt::format("database {} at {} is a standby", arrival.database,
                            arrival.host))
        .hint("connect to the primary");
  }
}

}  // namespace

sql::Identifier state_schema(Invocation& invocation) {
  return sql::Identifier(invocation.settings().state_schema);
}

Workbench::Workbench(Invocation& invocation, Access access)
    : connection_(
          pg::connect(invocation.connect_options(access != Access::write))),
      store_(*connection_.session, state_schema(invocation)) {
  invocation.warn_of_connection(connection_.arrival.warnings);
  if (access != Access::read) {
    check_target(connection_.arrival);
  }
  if (access == Access::write) {
    store_.ensure();
  }
}

std::vector<state::Migration> Workbench::stored() {
  return store_.read_version() ? store_.migrations()
                               : std::vector<state::Migration>{};
}

std::vector<spec::MigrationSpec> load_specs(Invocation& invocation) {
  Diagnostics of_folder;
  auto specs = spec::load_folder(invocation.spec_folder().string(), of_folder);
  Diagnostics findings;
  for (const Diagnostic& finding : of_folder.all()) {
    if (finding.code != unknown_dependency) {
      findings.add(finding);
    }
  }
  for (const spec::MigrationSpec& spec : specs) {
    static_cast<void>(ops::parse_operations(spec, findings));
  }
  invocation.show_and_stop(findings);
  return specs;
}

std::vector<spec::MigrationSpec> load_readable_specs(Invocation& invocation) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(invocation.spec_folder(), ignored)) {
    return {};
  }
  Diagnostics passed_over;
  return spec::load_folder(invocation.spec_folder().string(), passed_over);
}

void check_dependencies(Invocation& invocation, const Roster& roster) {
  Diagnostics findings;
  for (const Known& known : roster.all()) {
    for (std::size_t i = 0; known.spec && i < known.spec->depends_on.size();
         ++i) {
      const std::string& id = known.spec->depends_on[i];
      if (roster.find(id) == nullptr) {
        findings.error(known.spec->depends_on_where[i], unknown_dependency,
                       fmt::format("{} depends on {}, which is neither in the "
                                   "folder nor in the database",
                                   known.id, id),
                       "correct the id, or add the migration's file");
      }
    }
  }
  invocation.show_and_stop(findings);
}

void refuse_first(Invocation& invocation,
                  const std::vector<spec::MigrationSpec>& specs,
                  const std::vector<std::string>& ids) {
  Workbench bench(invocation, Access::plan);
  if (bench.store().read_version()) {
    return;
  }
  const Roster roster(specs, {});
  check_dependencies(invocation, roster);
  for (const Known* known : roster.in_order(ids)) {
    if (!known->depends_on().empty()) {
      continue;
    }
    const Drafted first =
        draft(*known->spec, invocation.settings_for(known->spec),
              state_schema(invocation), bench.session(), bench.arrival());
    if (first.findings.blocks()) {
      invocation.show_and_stop(first.findings);
    }
    return;
  }
}

report::PlanSetting plan_setting(Invocation& invocation,
                                 const pg::Arrival& arrival,
                                 const spec::MigrationSpec* spec) {
  const spec::Settings settings = invocation.settings_for(spec);
  // "15.18 (Debian 15.18-0+deb12u1)": the package is of no interest here.
  const std::string& version = arrival.server_version;
  return {.database = arrival.database,
          .host = arrival.host,
          .server_version = version.substr(0, version.find(' ')),
          .is_standby = arrival.is_standby,
          .behind_pooler = arrival.behind_pooler,
          .lock_timeout = settings.lock_timeout,
          .lock_hold = settings.lock_hold,
          .lock_budget = settings.lock_budget,
          .step_budget = settings.step_budget,
          .batch_rows = settings.backfill_batch_rows};
}

Drafted draft(const spec::MigrationSpec& spec,
              const spec::Settings& settings,
              const sql::Identifier& schema,
              pg::Session& session,
              const pg::Arrival& arrival,
              const Outlook& before) {
  Drafted drafted;
  planner::Drafting drafting(spec, schema.name(), drafted.findings,
                             {.views = settings.versions == "views",
                              .alias = settings.versions_alias});
  const catalog::Request asked = drafting.request();
  const catalog::Request request = before.widened(asked);
  auto catalog = pg::read_catalog(session, arrival, request);
  const std::string role = catalog.owner_to_become();
  const pg::ActingAs acting(session, role);
  if (!role.empty()) {
    catalog = pg::read_catalog(session, arrival, request);
    catalog.user = role;
  }
  catalog = before.apply(std::move(catalog));
  for (const sql::TableName& name : asked.tables) {
    const catalog::Table* table = catalog.table(name);
    drafted.tables.push_back(table == nullptr ? name : table->name);
  }
  if (drafted.findings.blocks()) {
    return drafted;
  }
  const auto probes = drafting.probes(catalog, drafted.findings);
  if (drafted.findings.blocks()) {
    return drafted;
  }
  const auto answers = pg::ask(session, catalog, probes);
  drafted.plan = drafting.finish(catalog, answers, drafted.findings);
  drafted.changes = drafting.changes();
  if (drafted.findings.blocks()) {
    drafted.plan.reset();
  }
  return drafted;
}

}  // namespace pgexpand::cli
