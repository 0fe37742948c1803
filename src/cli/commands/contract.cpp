// contract: the point of no return, so never part of apply.
#include "cli/commands.hpp"
#include "cli/commands/options.hpp"
#include "cli/outcome.hpp"
#include "pgexpand/campaign/campaign.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>

#include <algorithm>
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
  std::vector<std::string> ids;  ///< Empty: every switched one.
  bool soft = false;
  bool force = false;
  RunFlags run;
};

bool may_contract(const Known& known) {
  const Standing standing = known.standing();
  return standing == Standing::switched || standing == Standing::contracting;
}

Error not_switched(const Known& known) {
  return Error(ErrorKind::refused, "contract.not-switched",
               fmt::format("{} is {}, not switched", known.id,
                           name(known.standing())))
      .hint(fmt::format("run `{}` first", known.next_command()));
}

/// What is asked for by name must be ready before anything is dropped.
void check_asked(const Roster& roster, const std::vector<std::string>& ids) {
  for (const std::string& id : ids) {
    const Known& known = roster.get(id);
    if (!may_contract(known) && known.standing() != Standing::contracted) {
      throw not_switched(known);
    }
  }
}

void contract_one(Campaign& campaign, const Known& known) {
  if (may_contract(known)) {
    const std::string id = known.id;
    campaign.go_on(id, plan::Phase::contract);
  } else if (known.standing() == Standing::contracted) {
    campaign.note(known.id, Outcome::unchanged);
  } else {
    campaign.leave(known.id, fmt::format("{}", name(known.standing())),
                   std::nullopt);
  }
}

constexpr const char* no_older_version = "no version is published before its";

Error nothing_to_soften(const Known& known) {
  return Error(ErrorKind::refused, "contract.no-older-version",
               fmt::format("{} has no older version to take access from",
                           known.id))
      .hint(fmt::format("run `pgexpand contract {}`, which looks who still "
                        "uses the tables",
                        known.id));
}

/// Takes access to what contract would drop; nothing is dropped.
void soften_one(Campaign& campaign,
                Invocation& invocation,
                const Known& known,
                bool is_asked) {
  if (!may_contract(known)) {
    contract_one(campaign, known);  // says so and does nothing
    return;
  }
  const auto versions = campaign.store().versions();
  const bool has_version =
      std::ranges::find(versions, known.id,
                        &state::PublishedVersion::migration) != versions.end();
  if ((has_version || is_asked) &&
      exec::soften_versions(known.id, true, campaign.runner(),
                            state_schema(invocation))) {
    campaign.note(known.id, Outcome::softened);
    return;
  }
  campaign.leave(
      known.id, no_older_version,
      is_asked ? std::optional(nothing_to_soften(known)) : std::nullopt);
}

int run_contract(Invocation& invocation, const Options& options) {
  Campaign campaign(invocation, Files::lenient);
  campaign.accept_drift = options.run.accept_drift;
  campaign.force = options.force;
  check_asked(campaign.roster(), options.ids);
  std::vector<std::string> ids = options.ids;
  for (const Known& known : campaign.roster().all()) {
    if (options.ids.empty()) {
      ids.push_back(known.id);
    }
  }
  std::ranges::sort(ids);
  for (const std::string& id : ids) {
    const Known& known = campaign.roster().get(id);
    campaign.refuse_changed_specs({&known});
    if (options.soft) {
      soften_one(campaign, invocation, known, !options.ids.empty());
    } else {
      contract_one(campaign, known);
    }
  }
  return finish(campaign, invocation);
}

}  // namespace

Command contract_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {
      .name = "contract",
      .help = "Drop the old shape of switched migrations; cannot be undone",
      .parameters = {{"id", "Migrations; default every switched one",
                      &options->ids},
                     {"--soft",
                      "Only take access to the older versions; rollback --soft "
                      "gives it back",
                      &options->soft},
                     {.name = "--force",
                      .help = "Drop what somebody, or code of the database, "
                              "still uses",
                      .target = &options->force,
                      .excludes = "--soft"},
                     accept_drift_flag(options->run)},
      .action = [options, &invocation] {
        return run_contract(invocation, *options);
      }};
}

}  // namespace pgexpand::cli
