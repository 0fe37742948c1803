// contract: the point of no return, so never part of apply.
#include "cli/campaign.hpp"
#include "cli/command.hpp"
#include "cli/commands/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace pgexpand::cli {
namespace {

struct Options {
  std::vector<std::string> ids;  ///< Empty: every switched one.
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
    campaign.note(known.id, "unchanged");
  } else {
    campaign.leave(known.id, fmt::format("{}", name(known.standing())),
                   std::nullopt);
  }
}

int run_contract(Invocation& invocation, const Options& options) {
  Campaign campaign(invocation, Files::lenient);
  campaign.accept_drift = options.run.accept_drift;
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
    contract_one(campaign, known);
  }
  campaign.finish();
  return 0;
}

}  // namespace

void add_contract_command(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "contract",
      "Drop the old shape of switched migrations; cannot be undone");
  command->add_option("id", options->ids,
                      "Migrations; default every switched one");
  options->run.add_accept_drift(*command);
  on_chosen(*command, invocation, [options, &invocation] {
    return run_contract(invocation, *options);
  });
}

}  // namespace pgexpand::cli
