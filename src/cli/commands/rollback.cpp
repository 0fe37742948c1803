// rollback: works from the stored plan, so a missing or edited file does not
// matter.
#include "cli/commands.hpp"
#include "cli/commands/options.hpp"
#include "cli/outcome.hpp"
#include "pgexpand/campaign/campaign.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Campaign;
using campaign::Files;
using campaign::Known;
using campaign::Outcome;
using campaign::Roster;
using campaign::Standing;
using campaign::state_schema;

struct Options {
  std::string id;
  bool soft = false;
  RunFlags run;
};

void check_nothing_depends_on(const Roster& roster, const std::string& id) {
  for (const Known& other : roster.all()) {
    for (const std::string& needed : other.depends_on()) {
      if (needed == id && other.standing() != Standing::pending) {
        throw Error(
            ErrorKind::refused, "rollback.depended-on",
            fmt::format("{} depends on {} and was started", other.id, id))
            .hint(fmt::format("run `pgexpand rollback {}` first", other.id));
      }
    }
  }
}

void roll_back(Campaign& campaign,
               Invocation& invocation,
               const std::string& id) {
  const auto result = exec::roll_back(
      id, campaign.run_options(id), campaign.runner(), state_schema(invocation),
      campaign.reporter(), invocation.environment().stop);
  campaign.refresh();
  if (result.outcome == exec::RunOutcome::interrupted) {
    throw Error(ErrorKind::interrupted, "run.interrupted",
                fmt::format("the rollback of {} stopped early", id))
        .hint(fmt::format("run `pgexpand rollback {}` again to go on", id));
  }
}

/// The way back from `contract --soft`: the migration stays switched.
int give_access_back(Campaign& campaign,
                     Invocation& invocation,
                     const std::string& id) {
  const bool has_older = exec::soften_versions(id, false, campaign.runner(),
                                               state_schema(invocation));
  campaign.note(id, has_older ? Outcome::restored : Outcome::unchanged);
  return finish(campaign, invocation);
}

int run_rollback(Invocation& invocation, const Options& options) {
  Campaign campaign(invocation, Files::lenient);
  campaign.accept_drift = options.run.accept_drift;
  const Known& known = campaign.roster().get(options.id);
  if (options.soft) {
    return give_access_back(campaign, invocation, options.id);
  }
  if (known.standing() == Standing::contracted) {
    throw Error(
        ErrorKind::refused, "rollback.contracted",
        fmt::format("{} is contracted: the old shape is gone", options.id))
        .hint("write a new migration that goes the other way");
  }
  if (known.standing() == Standing::pending) {
    campaign.note(options.id, Outcome::unchanged);
    return finish(campaign, invocation);
  }
  check_nothing_depends_on(campaign.roster(), options.id);
  const auto plan = known.stored->plan();
  invocation.body["stays"] =
      plan ? plan->stays_after_rollback : std::vector<std::string>{};
  roll_back(campaign, invocation, options.id);
  if (campaign.roster().find(options.id) != nullptr) {
    campaign.note(options.id, Outcome::rolled_back);
  }
  return 0;
}

}  // namespace

Command rollback_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {
      .name = "rollback",
      .help = "Undo a migration, from any state before contract",
      .parameters = {{.name = "id",
                      .help = "The migration",
                      .target = &options->id,
                      .required = true},
                     {"--soft", "Only give back what contract --soft took away",
                      &options->soft},
                     accept_drift_flag(options->run)},
      .action = [options, &invocation] {
        return run_rollback(invocation, *options);
      }};
}

}  // namespace pgexpand::cli
