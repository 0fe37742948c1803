#include "pgexpand/campaign/workbench.hpp"

#include "pgexpand/base/error.hpp"
#include "pgexpand/ops/operation.hpp"
#include "pgexpand/pg/catalog_reader.hpp"
#include "pgexpand/planner/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>

namespace pgexpand::campaign {
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

sql::Identifier state_schema(Target& target) {
  return sql::Identifier(target.settings().state_schema);
}

Workbench::Workbench(Target& target, Access access)
    : connection_(pg::connect(target.connect_options(access != Access::write))),
      store_(*connection_.session, state_schema(target)) {
  target.warn_of_connection(connection_.arrival.warnings);
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

SoundSpecs load_sound_specs(Target& target) {
  Diagnostics of_folder;
  SoundSpecs sound;
  Diagnostics findings;
  const auto add = [&](const Diagnostics& more) {
    for (const Diagnostic& finding : more.all()) {
      if (finding.code == unknown_dependency) {
        continue;
      }
      findings.add(finding);
      auto& bad = sound.bad_files;
      if (finding.severity != Severity::warning &&
          std::ranges::find(bad, finding.where.file) == bad.end()) {
        bad.push_back(finding.where.file);
      }
    }
  };
  auto specs = spec::load_folder(target.spec_folder().string(), of_folder);
  add(of_folder);
  for (spec::MigrationSpec& spec : specs) {
    Diagnostics own;
    static_cast<void>(ops::parse_operations(spec, own));
    add(own);
    if (std::ranges::find(sound.bad_files, spec.file) ==
        sound.bad_files.end()) {
      sound.specs.push_back(std::move(spec));
    }
  }
  try {
    target.show_and_stop(findings);
  } catch (const Error& error) {
    if (sound.specs.empty()) {
      throw;
    }
    sound.problem = error;
  }
  return sound;
}

std::vector<spec::MigrationSpec> load_specs(Target& target) {
  SoundSpecs sound = load_sound_specs(target);
  if (sound.problem) {
    throw Error(*sound.problem);
  }
  return std::move(sound.specs);
}

std::vector<spec::MigrationSpec> load_readable_specs(Target& target) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(target.spec_folder(), ignored)) {
    return {};
  }
  Diagnostics passed_over;
  return spec::load_folder(target.spec_folder().string(), passed_over);
}

void check_dependencies(Target& target,
                        const Roster& roster,
                        const std::vector<std::string>& bad_files) {
  const auto is_bad = [&](const std::string& id) {
    return std::ranges::any_of(bad_files, [&](const std::string& file) {
      return std::filesystem::path(file).stem().string() == id;
    });
  };
  Diagnostics findings;
  for (const Known& known : roster.all()) {
    for (std::size_t i = 0; known.spec && i < known.spec->depends_on.size();
         ++i) {
      const std::string& id = known.spec->depends_on[i];
      if (roster.find(id) == nullptr && !is_bad(id)) {
        findings.error(known.spec->depends_on_where[i], unknown_dependency,
                       fmt::format("{} depends on {}, which is neither in the "
                                   "folder nor in the database",
                                   known.id, id),
                       "correct the id, or add the migration's file");
      }
    }
  }
  target.show_and_stop(findings);
}

std::unique_ptr<Roster> look_first(
    Target& target,
    const std::vector<spec::MigrationSpec>& specs,
    const std::vector<std::string>& ids,
    const std::vector<std::string>& bad_files) {
  Workbench bench(target, Access::plan);
  if (const auto version = bench.store().read_version()) {
    if (*version != state::state_version) {
      return nullptr;  // To be brought up to date, under the lease.
    }
    auto roster = std::make_unique<Roster>(specs, bench.store().migrations());
    check_dependencies(target, *roster, bad_files);
    return roster;
  }
  const Roster roster(specs, {});
  check_dependencies(target, roster, bad_files);
  // If none can be planned, nothing is created for them either.
  std::optional<Diagnostics> refused;
  for (const Known* known : roster.in_order(ids)) {
    if (!known->depends_on().empty()) {
      continue;
    }
    const Drafted one =
        draft(*known->spec, target.settings_for(known->spec),
              state_schema(target), bench.session(), bench.arrival());
    if (!one.findings.blocks()) {
      return nullptr;
    }
    if (!refused) {
      refused = one.findings;
    }
    if (!ids.empty()) {
      break;
    }
  }
  if (refused) {
    target.show_and_stop(*refused);
  }
  return nullptr;
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

}  // namespace pgexpand::campaign
