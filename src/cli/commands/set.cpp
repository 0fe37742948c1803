// set: live settings in the state tables; the running process reads them with
// its next batch.
#include "cli/commands.hpp"
#include "cli/commands/live.hpp"
#include "pgexpand/campaign/pace.hpp"
#include "pgexpand/campaign/workbench.hpp"
#include "pgexpand/spec/migration_spec.hpp"
#include "pgexpand/spec/settings.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::live_keys;
using campaign::live_value;
using campaign::Workbench;

struct Options {
  std::string id;
  std::vector<std::string> changes;  ///< "pause=50ms"
};

/// What the running walk is to have, by backfill::values_of()'s names.
using Orders = state::WalkSettings;

std::string full_key(const std::string& key) {
  return key.find('.') == std::string::npos ? "backfill." + key : key;
}

Error unknown_key(const std::string& key) {
  const auto keys = live_keys();
  const auto meant = spec::did_you_mean(key, keys);
  return Error(
             ErrorKind::usage, "set.unknown-key",
             fmt::format("\"{}\" cannot be changed while a backfill runs", key))
      .hint(meant ? fmt::format("did you mean {}?", *meant)
                  : fmt::format("{} can; for another setting stop the run and "
                                "start it again with its flag",
                                fmt::join(keys, ", ")));
}

void read_change(const std::string& change, Orders& orders) {
  const auto equals = change.find('=');
  if (equals == std::string::npos) {
    throw Error(ErrorKind::usage, "set.bad-change",
                fmt::format("\"{}\" is not KEY=VALUE", change))
        .hint("write it as `pgexpand set ID pause=50ms`");
  }
  const std::string key = full_key(change.substr(0, equals));
  spec::Settings settings;
  if (live_value(key, settings).empty()) {
    throw unknown_key(change.substr(0, equals));
  }
  if (const auto problem =
          spec::set_setting(settings, key, change.substr(equals + 1))) {
    throw Error(ErrorKind::usage, "set.bad-value",
                fmt::format("{}: {}", key, *problem))
        .hint("write it as `batch_rows=5000` or `pause=50ms`");
  }
  for (const auto& [name, value] : live_value(key, settings)) {
    orders[name] = value;
  }
}

int run_set(Invocation& invocation, const Options& options) {
  Orders orders;
  for (const std::string& change : options.changes) {
    read_change(change, orders);
  }
  Workbench bench(invocation, Access::write);
  static_cast<void>(get_under_way(bench.store(), options.id));
  bench.store().set_live(options.id, orders);
  invocation.body["id"] = options.id;
  invocation.body["set"] = options.changes;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}: {} from the next batch on\n", options.id,
               fmt::join(options.changes, ", "));
  }
  return 0;
}

}  // namespace

Command set_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {.name = "set",
          .help =
              "Change settings of a running backfill: batch_rows, pause, "
              "workers, max_lag, ...",
          .parameters = {{.name = "id",
                          .help = "The migration",
                          .target = &options->id,
                          .required = true},
                         {.name = "change",
                          .help = "KEY=VALUE ...",
                          .target = &options->changes,
                          .required = true}},
          .action = [options, &invocation] {
            return run_set(invocation, *options);
          }};
}

}  // namespace pgexpand::cli
