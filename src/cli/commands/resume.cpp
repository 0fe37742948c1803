// resume: goes on with what was interrupted or paused, from the stored plan.
#include "cli/commands.hpp"
#include "cli/commands/options.hpp"
#include "cli/outcome.hpp"
#include "pgexpand/campaign/campaign.hpp"

#include <fmt/format.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Campaign;
using campaign::Files;
using campaign::Known;
using campaign::Outcome;
using campaign::Standing;

struct Options {
  std::vector<std::string> ids;  ///< Empty: every interrupted or paused one.
  RunFlags run;
};

bool needs_resume(const Known& known) {
  const Standing standing = known.standing();
  return standing == Standing::interrupted || standing == Standing::paused;
}

void check_asked(const Known& known) {
  if (known.standing() == Standing::pending) {
    throw Error(ErrorKind::refused, "resume.not-started",
                fmt::format("{} was never started", known.id))
        .hint(fmt::format("run `pgexpand apply {}`", known.id));
  }
  if (known.standing() == Standing::rolling_back) {
    throw Error(ErrorKind::refused, "apply.rolling-back",
                fmt::format("{} is on its way back", known.id))
        .hint(fmt::format("run `pgexpand rollback {}` first", known.id));
  }
}

void resume_one(Campaign& campaign, const std::string& id) {
  const Known& known = campaign.roster().get(id);
  campaign.refuse_changed_specs({&known});
  if (known.stored->paused) {
    campaign.store().set_paused(id, false, "");
    campaign.refresh();
  }
  const Known& cleared = campaign.roster().get(id);
  const auto target =
      campaign.through ? campaign.through : cleared.stored->through;
  const bool is_there =
      cleared.standing() == Standing::contracted ||
      (cleared.stored->completed &&
       *cleared.stored->completed >= target.value_or(plan::Phase::switch_over));
  if (is_there) {
    campaign.note(id, Outcome::unchanged);
  } else {
    campaign.go_on(id, target);
  }
}

int run_resume(Invocation& invocation, const Options& options) {
  Campaign campaign(invocation, Files::lenient);
  campaign.through = options.run.through();
  campaign.accept_drift = options.run.accept_drift;
  std::vector<std::string> ids = options.ids;
  for (const std::string& id : ids) {
    check_asked(campaign.roster().get(id));
  }
  for (const Known& known : campaign.roster().all()) {
    if (options.ids.empty() && needs_resume(known)) {
      ids.push_back(known.id);
    }
  }
  for (const std::string& id : ids) {
    campaign.check_stop();
    resume_one(campaign, id);
  }
  return finish(campaign, invocation);
}

}  // namespace

Command resume_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {.name = "resume",
          .help = "Continue an interrupted or paused migration",
          .parameters = {{"id",
                          "Migrations; default every interrupted or paused one",
                          &options->ids},
                         through_option(options->run),
                         accept_drift_flag(options->run)},
          .action = [options, &invocation] {
            return run_resume(invocation, *options);
          }};
}

}  // namespace pgexpand::cli
