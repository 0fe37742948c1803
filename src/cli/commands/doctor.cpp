#include "cli/checkup.hpp"
#include "cli/commands.hpp"
#include "cli/workbench.hpp"
#include "pgexpand/pg/catalog_reader.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>

namespace pgexpand::cli {
namespace {

constexpr int gate_closed = 7;

bool is_about_rights(const Diagnostic& finding) {
  return finding.severity == Severity::refusal &&
         finding.code.starts_with("rights.");
}

/// What the specs of the folder need that are not contracted yet.
class Needs {
 public:
  Needs(Invocation& invocation, pg::Session& session, Surroundings& at)
      : invocation_(invocation), session_(session), at_(at) {}

  void read() {
    state::Store store(session_, state_schema(invocation_));
    at_.state_obstacle = store.obstacle();
    const Roster roster(load_readable_specs(invocation_), stored(store));
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
    const Drafted drafted =
        draft(*known.spec, invocation_.settings_for(known.spec),
              state_schema(invocation_), session_, at_.arrival);
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
        {.tables = names_, .state_schema = state_schema(invocation_)});
    for (const catalog::Table& table : catalog.tables) {
      at_.tables.push_back(
          {.name = table.name,
           .size_bytes = table.size_bytes + table.indexes_size_bytes,
           .publications = table.publications});
    }
  }

  Invocation& invocation_;
  pg::Session& session_;
  Surroundings& at_;
  std::vector<sql::TableName> names_;
};

Surroundings look_around(Invocation& invocation) {
  pg::ConnectOptions options = invocation.connect_options(true);
  options.allow_pooler = true;
  pg::Connection connection = pg::connect(options);
  invocation.warn_of_connection(connection.arrival.warnings);
  Surroundings at{.arrival = connection.arrival,
                  .settings = invocation.settings()};
  if (!at.arrival.behind_pooler) {
    at.health = pg::read_health(*connection.session, at.settings.state_schema);
    Needs(invocation, *connection.session, at).read();
  }
  return at;
}

report::Json text_or_null(const std::string& text) {
  return text.empty() ? report::Json(nullptr) : report::Json(text);
}

std::string painted(Verdict verdict, const report::Style& style) {
  constexpr std::size_t longest = 7;
  const std::string word = report::padded(name(verdict), longest);
  switch (verdict) {
    case Verdict::ok:
      return style.green(word);
    case Verdict::note:
      return style.dim(word);
    case Verdict::warning:
      return style.yellow(word);
    case Verdict::refusal:
      return style.red(word);
  }
  return word;
}

void print(const std::vector<Check>& checks, Invocation& invocation) {
  constexpr std::size_t longest_area = 12;
  const report::Style style = invocation.out_style();
  for (const Check& check : checks) {
    fmt::print(invocation.out(), "{}  {}  {}{}\n",
               painted(check.verdict, style),
               report::padded(check.area, longest_area), check.message,
               check.code.empty() ? "" : fmt::format(" [{}]", check.code));
    if (!check.cure.empty()) {
      fmt::print(invocation.out(), "{:23}{}\n", "", check.cure);
    }
  }
}

std::string counted(std::ptrdiff_t count, const char* one, const char* many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

int run_doctor(Invocation& invocation) {
  const Surroundings at = look_around(invocation);
  const auto setting = plan_setting(invocation, at.arrival, nullptr);
  const auto checks = check_up(at);
  invocation.body["database"] = at.arrival.database;
  invocation.body["host"] = at.arrival.host;
  invocation.body["role"] = at.arrival.user;
  invocation.body["server_version"] = setting.server_version;
  invocation.body["checks"] = report::Json::array();
  for (const Check& check : checks) {
    invocation.body["checks"].push_back({{"area", check.area},
                                         {"verdict", name(check.verdict)},
                                         {"code", text_or_null(check.code)},
                                         {"message", check.message},
                                         {"cure", text_or_null(check.cure)}});
  }
  const auto refusals =
      std::ranges::count(checks, Verdict::refusal, &Check::verdict);
  const auto warnings =
      std::ranges::count(checks, Verdict::warning, &Check::verdict);
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}\n\n", report::describe(setting));
    print(checks, invocation);
    fmt::print(invocation.out(), "\n{}, {}\n",
               counted(refusals, "refusal", "refusals"),
               counted(warnings, "warning", "warnings"));
  }
  return refusals == 0 ? 0 : gate_closed;
}

}  // namespace

Command doctor_command(Invocation& invocation) {
  return {.name = "doctor",
          .help = "Check the server, the rights and what is in the way",
          .parameters = {},
          .action = [&invocation] { return run_doctor(invocation); }};
}

}  // namespace pgexpand::cli
