// version: which search_path an application deploys with.
#include "cli/commands.hpp"
#include "cli/commands/version_target.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::load_readable_specs;
using campaign::Roster;
using campaign::Workbench;

using state::PublishedVersion;
using state::VersionSchema;

struct Options {
  std::string id;  ///< Empty: the newest.
  std::string format;
  std::string role;  ///< Empty: whose connection it is.
};

Error none_published() {
  return Error(ErrorKind::refused, "version.none",
               "no version schema is published")
      .hint(
          "set `versions: views` in pgexpand.yaml and run `pgexpand apply`, "
          "or use the tables");
}

Error not_published(const std::string& id, const PublishedVersion& newest) {
  return Error(ErrorKind::refused, "version.not-published",
               fmt::format("{} has no version schema that is published", id))
      .hint(
          fmt::format("the newest is `pgexpand version {}`", newest.migration));
}

/// Says so if nothing is known of an id: it was mistyped.
void check_known(Invocation& invocation,
                 Workbench& bench,
                 const std::string& id) {
  const Roster roster(load_readable_specs(invocation), bench.stored());
  static_cast<void>(roster.get(id));
}

PublishedVersion find(Invocation& invocation,
                      Workbench& bench,
                      const std::string& id) {
  auto versions = bench.store().versions();
  std::erase_if(versions, [](const PublishedVersion& version) {
    return version.schemas.empty();  // dropped by hand
  });
  if (!id.empty()) {
    check_known(invocation, bench, id);
  }
  if (versions.empty()) {
    throw none_published();
  }
  const auto found =
      id.empty()
          ? versions.end() - 1
          : std::ranges::find(versions, id, &PublishedVersion::migration);
  if (found == versions.end()) {
    throw not_published(id, versions.back());
  }
  return *found;
}

bool is_version(const std::vector<PublishedVersion>& all,
                const std::string& quoted) {
  const auto is_it = [&](const VersionSchema& each) {
    return sql::quote_identifier(each.schema) == quoted;
  };
  return std::ranges::any_of(all, [&](const PublishedVersion& version) {
    return std::ranges::any_of(version.schemas, is_it) ||
           std::ranges::any_of(version.aliases, is_it);
  });
}

std::string unquoted(const std::string& quoted) {
  std::string name;
  for (std::size_t i = 1; i + 1 < quoted.size(); ++i) {
    name += quoted[i];
    i += quoted[i] == '"' ? 1 : 0;
  }
  return name;
}

/// The version's schemas and then what they show, in the order in which the
/// connection looks at the latter; and whatever else it looks at.
std::vector<std::string> search_path(const PublishedVersion& version,
                                     const std::vector<PublishedVersion>& all,
                                     const std::vector<std::string>& arrival) {
  std::vector<std::string> rest;
  for (const std::string& quoted : arrival) {
    if (!is_version(all, quoted)) {
      rest.push_back(unquoted(quoted));
    }
  }
  for (const VersionSchema& each : version.schemas) {
    if (std::ranges::find(rest, each.base) == rest.end()) {
      rest.push_back(each.base);
    }
  }
  std::vector<std::string> path;
  for (const std::string& name : rest) {
    const auto shows =
        std::ranges::find(version.schemas, name, &VersionSchema::base);
    if (shows != version.schemas.end()) {
      path.push_back(shows->schema);
    }
  }
  path.insert(path.end(), rest.begin(), rest.end());
  return path;
}

report::Json schemas_json(const std::vector<VersionSchema>& schemas) {
  report::Json json = report::Json::array();
  for (const VersionSchema& each : schemas) {
    json.push_back({{"base", each.base}, {"schema", each.schema}});
  }
  return json;
}

std::string worded(const VersionTarget& target, const std::string& format) {
  if (format == "url") {
    return version_url(target);
  }
  if (format == "env") {
    return version_environment(target);
  }
  return format == "sql" ? version_sql(target) : target.search_path.front();
}

int run_version(Invocation& invocation, const Options& options) {
  Workbench bench(invocation, Access::read);
  const PublishedVersion version = find(invocation, bench, options.id);
  const pg::Arrival& arrival = bench.arrival();
  const VersionTarget target{
      .dsn = invocation.dsn().text,
      .database = arrival.database,
      .user = arrival.user,
      .role = options.role.empty() ? arrival.user : options.role,
      .search_path =
          search_path(version, bench.store().versions(), arrival.search_path)};
  report::Json& body = invocation.body;
  body["migration"] = version.migration;
  body["version"] = target.search_path.front();
  body["schemas"] = schemas_json(version.schemas);
  body["aliases"] = schemas_json(version.aliases);
  body["softened"] = version.is_softened;
  body["search_path"] = search_path_sql(target);
  body["url"] = version_url(target);
  body["env"] = version_environment(target);
  body["sql"] = version_sql(target);
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}\n", worded(target, options.format));
  }
  return 0;
}

}  // namespace

Command version_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {
      .name = "version",
      .help = "Print the schema that an application of a migration uses",
      .parameters = {{"id", "The migration; default the newest one published",
                      &options->id},
                     {.name = "--format",
                      .help = "url, env or sql, instead of the schema's name",
                      .target = &options->format,
                      .choices = {"url", "env", "sql"}},
                     {"--role",
                      "Whose search_path --format sql sets; default the "
                      "connection's own role",
                      &options->role}},
      .action = [options, &invocation] {
        return run_version(invocation, *options);
      }};
}

}  // namespace pgexpand::cli
