#include "pgexpand/campaign/checkup.hpp"
#include "pgexpand/campaign/workbench.hpp"
#include "pgexpand/pg/catalog_reader.hpp"

#include <algorithm>

namespace pgexpand::campaign {
namespace {

bool is_about_rights(const Diagnostic& finding) {
  return finding.severity == Severity::refusal &&
         finding.code.starts_with("rights.");
}

/// What the specs of the folder need that are not contracted yet.
class Needs {
 public:
  Needs(Target& target, pg::Session& session, Surroundings& at)
      : target_(target), session_(session), at_(at) {}

  void read() {
    state::Store store(session_, state_schema(target_));
    at_.state_obstacle = store.obstacle();
    const Roster roster(load_readable_specs(target_), stored(store));
    for (const Known& known : roster.all()) {
      if (known.spec != nullptr && known.standing() != Standing::contracted) {
        read(known);
      }
    }
    read_tables();
  }

 private:
  [[nodiscard]] std::vector<state::Migration> stored(
      state::Store& store) const {
    const bool is_there = !at_.state_obstacle && store.read_version();
    return is_there ? store.migrations() : std::vector<state::Migration>{};
  }

  void read(const Known& known) {
    const Drafted drafted = draft(*known.spec, target_.settings_for(known.spec),
                                  state_schema(target_), session_, at_.arrival);
    names_.insert(names_.end(), drafted.tables.begin(), drafted.tables.end());
    for (const Diagnostic& finding : drafted.findings.all()) {
      if (is_about_rights(finding)) {
        at_.missing_rights.add(finding);
      }
    }
  }

  void read_tables() {
    std::ranges::sort(names_);
    // Clang 14 cannot read the range that std::ranges::unique() returns.
    names_.erase(std::unique(names_.begin(), names_.end()), names_.end());
    const catalog::Catalog catalog = pg::read_catalog(
        session_, at_.arrival,
        {.tables = names_, .state_schema = state_schema(target_)});
    for (const catalog::Table& table : catalog.tables) {
      at_.tables.push_back(
          {.name = table.name,
           .size_bytes = table.size_bytes + table.indexes_size_bytes,
           .publications = table.publications});
    }
  }

  Target& target_;
  pg::Session& session_;
  Surroundings& at_;
  std::vector<sql::TableName> names_;
};

}  // namespace

Surroundings look_around(Target& target) {
  pg::ConnectOptions options = target.connect_options(true);
  options.allow_pooler = true;
  pg::Connection connection = pg::connect(options);
  target.warn_of_connection(connection.arrival.warnings);
  Surroundings at{.arrival = connection.arrival, .settings = target.settings()};
  if (!at.arrival.behind_pooler) {
    at.health = pg::read_health(*connection.session, at.settings.state_schema);
    Needs(target, *connection.session, at).read();
  }
  return at;
}

}  // namespace pgexpand::campaign
