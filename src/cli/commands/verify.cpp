#include "cli/commands.hpp"
#include "cli/commands/options.hpp"
#include "pgexpand/base/units.hpp"
#include "pgexpand/campaign/campaign.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Campaign;
using campaign::Files;
using campaign::Known;
using campaign::Standing;
using campaign::state_schema;

constexpr int differences_found = 12;

struct Options {
  std::string id;
  bool repair = false;
  RunFlags run;
};

void check_asked(const Known& known) {
  if (known.is_under_way() && known.standing() != Standing::rolling_back) {
    return;
  }
  throw Error(ErrorKind::refused, "verify.nothing-to-compare",
              fmt::format("{} is {}: there are no two shapes to compare",
                          known.id, name(known.standing())))
      .hint("run `pgexpand status` to see what can be verified");
}

int answer(Invocation& invocation,
           const std::string& id,
           const backfill::CompareResult& result) {
  const bool is_clean = result.differences == 0 && result.quarantined == 0;
  invocation.body["id"] = id;
  invocation.body["clean"] = is_clean;
  invocation.body["rows"] = result.rows;
  invocation.body["differences"] = result.differences;
  invocation.body["quarantined"] = result.quarantined;
  invocation.body["comparisons"] = result.titles;
  invocation.body["sample_keys"] = result.sample_keys;
  if (!invocation.json()) {
    fmt::print(invocation.out(), "{}: {} rows compared, {} differ\n", id,
               human_count(result.rows), human_count(result.differences));
  }
  if (!is_clean && !invocation.json()) {
    fmt::print(invocation.out(), "Next: `pgexpand verify {} --repair`\n", id);
  }
  return is_clean ? 0 : differences_found;
}

int run_verify(Invocation& invocation, const Options& options) {
  Campaign campaign(invocation, Files::lenient);
  campaign.accept_drift = options.run.accept_drift;
  check_asked(campaign.roster().get(options.id));
  exec::RunOptions how = campaign.run_options(options.id);
  how.repair = options.repair;
  const auto result = exec::verify_now(
      options.id, how, campaign.runner(), state_schema(invocation),
      campaign.reporter(), invocation.environment().stop);
  if (result.outcome != backfill::Outcome::done) {
    throw Error(ErrorKind::interrupted, "run.interrupted",
                fmt::format("the comparison of {} stopped early", options.id))
        .hint("run the same command again to go on");
  }
  return answer(invocation, options.id, result);
}

}  // namespace

Command verify_command(Invocation& invocation) {
  auto options = std::make_shared<Options>();
  return {.name = "verify",
          .help = "Compare the old and the new shape now",
          .parameters = {{.name = "id",
                          .help = "The migration",
                          .target = &options->id,
                          .required = true},
                         {"--repair",
                          "Mend the rows that differ, then compare again",
                          &options->repair},
                         accept_drift_flag(options->run)},
          .action = [options, &invocation] {
            return run_verify(invocation, *options);
          }};
}

}  // namespace pgexpand::cli
