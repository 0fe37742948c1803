// wait: for init containers. Looks once a second, takes no lock.
#include "cli/commands.hpp"
#include "pgexpand/base/units.hpp"
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
using campaign::Workbench;

using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr milliseconds look_every{1'000};
constexpr milliseconds notice_signals_every{50};

struct Options {
  std::string id;
  std::string phase;
  std::string timeout;  ///< Empty: wait for ever.
};

bool has_reached(Workbench& bench, const std::string& id, plan::Phase phase) {
  const auto found =
      bench.store().read_version() ? bench.store().migration(id) : std::nullopt;
  if (!found) {
    return false;
  }
  const bool is_forward = found->status == state::Status::in_progress &&
                          found->completed && *found->completed >= phase;
  return is_forward || found->status == state::Status::contracted;
}

/// The same, with a new connection when the old one was lost.
bool look(Invocation& invocation,
          std::unique_ptr<Workbench>& bench,
          const Options& options,
          plan::Phase phase) {
  try {
    if (!bench) {
      bench = std::make_unique<Workbench>(invocation, Access::read);
    }
    return has_reached(*bench, options.id, phase);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::connection) {
      throw;
    }
    bench.reset();
    return false;
  }
}

void nap(const exec::StopRequest& stop, Clock::time_point until) {
  while (!stop.requested() && Clock::now() < until) {
    std::this_thread::sleep_for(notice_signals_every);
  }
}

std::optional<Clock::time_point> end_of(const Options& options) {
  if (options.timeout.empty()) {
    return std::nullopt;
  }
  const auto limit = parse_duration(options.timeout);
  if (!limit) {
    throw Error(ErrorKind::usage, "wait.bad-timeout",
                fmt::format("\"{}\" is not a duration", options.timeout))
        .hint("write it as 30s or 10m");
  }
  return Clock::now() + *limit;
}

int run_wait(Invocation& invocation, const Options& options) {
  const auto phase = plan::phase_from_name(options.phase).value();
  const auto end = end_of(options);
  const exec::StopRequest& stop = invocation.environment().stop;
  invocation.body["id"] = options.id;
  invocation.body["phase"] = options.phase;
  // Wrong credentials are said at once; only a later loss is waited out.
  auto bench = std::make_unique<Workbench>(invocation, Access::read);
  while (!look(invocation, bench, options, phase)) {
    const bool is_over = end && Clock::now() >= *end;
    if (is_over || stop.requested()) {
      throw Error(
          ErrorKind::interrupted, is_over ? "wait.timeout" : "run.interrupted",
          fmt::format("{} has not completed {} yet", options.id, options.phase))
          .hint(fmt::format("run `pgexpand status {}` to see where it is",
                            options.id));
    }
    const auto next = Clock::now() + look_every;
    nap(stop, end ? std::min(next, *end) : next);
  }
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}: {} complete\n", options.id,
               options.phase);
  }
  return 0;
}

}  // namespace

Command wait_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {.name = "wait",
          .help = "Wait until a migration has completed a phase",
          .parameters = {{.name = "id",
                          .help = "The migration",
                          .target = &options->id,
                          .required = true},
                         {.name = "--for",
                          .help = "The phase to wait for",
                          .target = &options->phase,
                          .choices = {"expand", "backfill", "verify", "switch",
                                      "contract"},
                          .required = true},
                         {"--timeout", "Give up after this long; default never",
                          &options->timeout}},
          .action = [options, &invocation] {
            return run_wait(invocation, *options);
          }};
}

}  // namespace pgexpand::cli
