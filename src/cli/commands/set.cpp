// set: live settings in the state tables; the running process reads them with
// its next batch.
#include "cli/command.hpp"
#include "cli/commands/live.hpp"
#include "cli/workbench.hpp"
#include "pgexpand/spec/migration_spec.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

struct Options {
  std::string id;
  std::vector<std::string> changes;  ///< "pause=50ms"
};

struct Orders {
  std::optional<std::int64_t> batch_rows;
  std::optional<std::int64_t> pause_ms;
};

const std::vector<std::string> keys{"backfill.batch_rows", "backfill.pause"};

std::string full_key(const std::string& key) {
  return key.find('.') == std::string::npos ? "backfill." + key : key;
}

Error unknown_key(const std::string& key) {
  const auto meant = spec::did_you_mean(full_key(key), keys);
  return Error(
             ErrorKind::usage, "set.unknown-key",
             fmt::format("\"{}\" cannot be changed while a backfill runs", key))
      .hint(meant ? fmt::format("did you mean {}?", *meant)
                  : "batch_rows and pause can; for another setting stop the "
                    "run and start it again with its flag");
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
  if (key != "backfill.batch_rows" && key != "backfill.pause") {
    throw unknown_key(change.substr(0, equals));
  }
  if (const auto problem =
          spec::set_setting(settings, key, change.substr(equals + 1))) {
    throw Error(ErrorKind::usage, "set.bad-value",
                fmt::format("{}: {}", key, *problem))
        .hint("write it as `batch_rows=5000` or `pause=50ms`");
  }
  if (key == "backfill.batch_rows") {
    orders.batch_rows = settings.backfill_batch_rows;
  } else {
    orders.pause_ms = settings.backfill_pause.count();
  }
}

int run_set(Invocation& invocation, const Options& options) {
  Orders orders;
  for (const std::string& change : options.changes) {
    read_change(change, orders);
  }
  Workbench bench(invocation, Access::write);
  static_cast<void>(get_under_way(bench.store(), options.id));
  bench.store().set_live(options.id, orders.batch_rows, orders.pause_ms);
  invocation.body["id"] = options.id;
  invocation.body["set"] = options.changes;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}: {} from the next batch on\n", options.id,
               fmt::join(options.changes, ", "));
  }
  return 0;
}

}  // namespace

void add_set_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "set", "Change batch_rows or pause of a running backfill");
  command->add_option("id", options->id, "The migration")->required();
  command->add_option("change", options->changes, "KEY=VALUE ...")->required();
  on_chosen(*command, invocation,
            [options, &invocation] { return run_set(invocation, *options); });
}

}  // namespace pgexpand::cli
