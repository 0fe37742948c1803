// apply: takes pending and interrupted migrations as far as running code
// cannot notice. switch is the same with a fixed goal.
#include "cli/campaign.hpp"
#include "cli/command.hpp"
#include "cli/commands/options.hpp"
#include "cli/commands/show_plan.hpp"

#include <memory>

namespace pgexpand::cli {
namespace {

struct Options {
  std::vector<std::string> ids;  ///< Empty: all of them.
  RunFlags run;
  bool dry_run = false;
};

int run_apply(Invocation& invocation, const Options& options) {
  if (options.dry_run) {
    return show_plans(invocation, {.ids = options.ids, .sql = false});
  }
  Campaign campaign(invocation, Files::strict, options.ids);
  campaign.through = options.run.through();
  campaign.accept_drift = options.run.accept_drift;
  campaign.apply(options.ids);
  campaign.finish();
  return 0;
}

}  // namespace

void add_apply_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "apply", "Run pending and interrupted migrations, in order");
  command->add_option("id", options->ids,
                      "Migrations, with all they depend on; default all");
  options->run.add_through(*command);
  options->run.add_accept_drift(*command);
  command->add_flag("--dry-run", options->dry_run, "The same as plan");
  on_chosen(*command, invocation,
            [options, &invocation] { return run_apply(invocation, *options); });
}

void add_switch_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  options->run.through_name = "switch";
  CLI::App* command = app.add_subcommand(
      "switch",
      "Make the new shape the one clients get (apply --through "
      "switch)");
  command->add_option("id", options->ids, "The migration")
      ->required()
      ->expected(1);
  options->run.add_accept_drift(*command);
  command->add_flag("--dry-run", options->dry_run, "The same as plan");
  on_chosen(*command, invocation,
            [options, &invocation] { return run_apply(invocation, *options); });
}

}  // namespace pgexpand::cli
