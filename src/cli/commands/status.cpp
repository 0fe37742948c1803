#include "cli/commands.hpp"
#include "cli/commands/status_view.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::Known;
using campaign::load_readable_specs;
using campaign::Roster;
using campaign::state_schema;
using campaign::Workbench;

constexpr int work_pending = 10;
constexpr std::chrono::milliseconds redraw_every{2'000};
constexpr std::chrono::milliseconds notice_signals_every{50};

struct Options {
  std::vector<std::string> ids;  ///< Empty: all.
  bool watch = false;
  bool exit_code = false;
};

std::optional<state::PublishedVersion> version_of(
    const std::vector<state::PublishedVersion>& versions,
    const std::string& id) {
  const auto found =
      std::ranges::find(versions, id, &state::PublishedVersion::migration);
  return found == versions.end() ? std::nullopt : std::optional(*found);
}

bool is_entered(const StatusRow& row) {
  const state::Migration* stored = row.known->stored;
  return stored != nullptr &&
         (stored->running || stored->status == state::Status::rolling_back);
}

/// Returns true if there is something left to do.
bool show_once(Invocation& invocation,
               Workbench& bench,
               const Options& options) {
  const Roster roster(load_readable_specs(invocation), bench.stored());
  const auto versions = bench.store().versions();
  std::vector<StatusRow> rows;
  bool is_pending = false;
  for (const std::string& id : options.ids) {
    static_cast<void>(roster.get(id));
  }
  for (const Known& known : roster.all()) {
    const bool is_asked =
        options.ids.empty() ||
        std::ranges::find(options.ids, known.id) != options.ids.end();
    if (is_asked) {
      rows.push_back({&known,
                      known.is_under_way() ? bench.store().progress(known.id)
                                           : std::vector<state::Progress>{},
                      version_of(versions, known.id)});
      is_pending = is_pending || !known.next_command().empty();
    }
  }
  const bool is_unfinished = std::ranges::any_of(rows, is_entered);
  const auto runner =
      is_unfinished ? exec::at_work(bench.session(), state_schema(invocation))
                    : std::nullopt;
  invocation.body["database"] = bench.arrival().database;
  invocation.body["runner"] = runner_json(runner);
  invocation.body["migrations"] = report::Json::array();
  for (const StatusRow& row : rows) {
    invocation.body["migrations"].push_back(status_json(row));
  }
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}",
               status_text(rows, invocation.out_style()));
    if (is_unfinished && !bench.arrival().is_standby) {
      fmt::print(invocation.out(), "{}\n", runner_text(runner));
    }
    invocation.out().flush();
  }
  return is_pending;
}

/// Draws again every two seconds, until a signal or until nothing is left.
bool watch(Invocation& invocation, Workbench& bench, const Options& options) {
  const exec::StopRequest& stop = invocation.environment().stop;
  for (;;) {
    if (invocation.environment().out_is_terminal) {
      fmt::print(invocation.out(), "\x1b[H\x1b[2J");
    }
    const bool is_pending = show_once(invocation, bench, options);
    const auto next = std::chrono::steady_clock::now() + redraw_every;
    while (!stop.requested() && std::chrono::steady_clock::now() < next) {
      std::this_thread::sleep_for(notice_signals_every);
    }
    if (!is_pending || stop.requested()) {
      return is_pending;
    }
  }
}

int run_status(Invocation& invocation, const Options& options) {
  Workbench bench(invocation, Access::read);
  const bool is_pending = options.watch && !invocation.json()
                              ? watch(invocation, bench, options)
                              : show_once(invocation, bench, options);
  return options.exit_code && is_pending ? work_pending : 0;
}

}  // namespace

Command status_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {.name = "status",
          .help = "Show where everything is and what to type next",
          .parameters = {{"id", "Migrations; default all", &options->ids},
                         {"--watch", "Draw again every 2 s", &options->watch},
                         {"--exit-code", "Exit with 10 when work is pending",
                          &options->exit_code}},
          .action = [options, &invocation] {
            return run_status(invocation, *options);
          }};
}

}  // namespace pgexpand::cli
