// apply: takes pending and interrupted migrations as far as running code
// cannot notice. switch is the same with a fixed goal.
#include "cli/commands.hpp"
#include "cli/commands/options.hpp"
#include "cli/commands/show_plan.hpp"
#include "cli/outcome.hpp"
#include "pgexpand/campaign/campaign.hpp"

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Campaign;
using campaign::Files;

struct Options {
  std::vector<std::string> ids;  ///< Empty: all of them.
  RunFlags run;
  bool allow_waiting = false;
  bool dry_run = false;
};

int run_apply(Invocation& invocation, const Options& options) {
  if (options.dry_run) {
    return show_plans(invocation, {.ids = options.ids, .sql = false});
  }
  Campaign campaign(invocation, Files::strict, options.ids);
  campaign.through = options.run.through();
  campaign.accept_drift = options.run.accept_drift;
  campaign.allow_waiting = options.allow_waiting;
  campaign.apply(options.ids);
  return finish(campaign, invocation);
}

}  // namespace

Command apply_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {
      .name = "apply",
      .help = "Run pending and interrupted migrations, in order",
      .parameters = {{"id", "Migrations, with all they depend on; default all",
                      &options->ids},
                     through_option(options->run),
                     accept_drift_flag(options->run),
                     {"--allow-waiting",
                      "Exit with 0, not 8, if some wait for others",
                      &options->allow_waiting},
                     {"--dry-run", "The same as plan", &options->dry_run}},
      .action = [options, &invocation] {
        return run_apply(invocation, *options);
      }};
}

Command switch_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  options->run.through_name = "switch";
  options->ids.resize(1);
  return {
      .name = "switch",
      .help = "Make the new shape the one clients get (apply --through switch)",
      .parameters = {{.name = "id",
                      .help = "The migration",
                      .target = &options->ids.front(),
                      .required = true},
                     accept_drift_flag(options->run),
                     {"--dry-run", "The same as plan", &options->dry_run}},
      .action = [options, &invocation] {
        return run_apply(invocation, *options);
      }};
}

}  // namespace pgexpand::cli
