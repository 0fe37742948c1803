#include "pgexpand/campaign/roster.hpp"

#include "pgexpand/base/error.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace pgexpand::campaign {
namespace {

using plan::Phase;
using ::testing::ElementsAre;

spec::MigrationSpec file(const std::string& id,
                         std::vector<std::string> depends_on = {}) {
  spec::MigrationSpec spec;
  spec.id = id;
  spec.hash = "now";
  spec.depends_on = std::move(depends_on);
  return spec;
}

state::Migration started(const std::string& id,
                         std::optional<Phase> completed,
                         const std::string& hash = "now") {
  state::Migration stored;
  stored.id = id;
  stored.status = state::Status::in_progress;
  stored.completed = completed;
  stored.spec_hash = hash;
  return stored;
}

std::vector<std::string> ids_of(const std::vector<const Known*>& all) {
  std::vector<std::string> ids;
  for (const Known* known : all) {
    ids.push_back(known->id);
  }
  return ids;
}

TEST(Roster, OrderIsByIdButAfterWhatIsDependedOn) {
  const Roster roster({file("1_a", {"3_c"}), file("2_b"), file("3_c")}, {});
  EXPECT_THAT(ids_of(roster.in_order({})), ElementsAre("3_c", "1_a", "2_b"));
}

TEST(Roster, WhatIsNamedBringsWhatItDependsOn) {
  const Roster roster({file("1_a"), file("2_b", {"1_a"}), file("3_c")}, {});
  EXPECT_THAT(ids_of(roster.in_order({"2_b"})), ElementsAre("1_a", "2_b"));
}

TEST(Roster, AnUnknownIdNamesTheNearestOne) {
  const Roster roster({file("1_orders")}, {});
  try {
    static_cast<void>(roster.get("1_order"));
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
    EXPECT_EQ(error.hint(), "did you mean 1_orders?");
  }
}

TEST(Roster, ARolledBackMigrationWhoseFileIsGoneIsForgotten) {
  state::Migration stored = started("1_a", std::nullopt);
  stored.status = state::Status::pending;
  EXPECT_EQ(Roster({}, {stored}).find("1_a"), nullptr);
}

TEST(Roster, AStartedMigrationWithoutAFileIsKept) {
  const Roster roster({}, {started("1_a", Phase::backfill)});
  EXPECT_TRUE(roster.get("1_a").file_missing());
  EXPECT_EQ(roster.get("1_a").next_command(), "pgexpand resume 1_a");
}

/// A plan that depends on 1_a, as it is stored.
nlohmann::json stored_plan() {
  plan::Plan plan;
  plan.id = "2_b";
  plan.depends_on = {"1_a"};
  return nlohmann::json::parse(plan::to_json(plan));
}

TEST(Roster, WhatAStartedMigrationDependsOnItsStoredPlanSays) {
  auto plan = stored_plan();
  plan.erase("steps");
  state::Migration stored = started("2_b", Phase::expand);
  stored.plan_text = plan.dump();
  const Roster roster({file("2_b", {"0_z"})}, {stored});
  EXPECT_THAT(roster.get("2_b").depends_on(), ElementsAre("1_a"));
  EXPECT_EQ(roster.get("2_b").plan_problem(),
            "the stored plan of 2_b cannot be read: it has no \"steps\"; "
            "something else has changed the migration's row of the state "
            "tables: restore it from a backup");
}

TEST(Roster, TheStoredPlanOfAContractedMigrationIsNotLookedAt) {
  state::Migration done = started("2_b", Phase::contract);
  done.status = state::Status::contracted;
  done.plan_text = "{";
  const Roster roster({file("2_b", {"0_z"})}, {done});
  EXPECT_THAT(roster.get("2_b").depends_on(), ElementsAre("0_z"));
  EXPECT_EQ(roster.get("2_b").plan_problem(), "");
  EXPECT_THROW(static_cast<void>(done.plan()), Error);
}

TEST(Roster, AStoredPlanThatCanBeReadIsNoProblem) {
  state::Migration stored = started("2_b", Phase::expand);
  stored.plan_text = stored_plan().dump();
  EXPECT_EQ(Roster({}, {stored}).get("2_b").plan_problem(), "");
}

TEST(Roster, AnEditedSpecIsNoticedOnlyWhileItIsUnderWay) {
  state::Migration done = started("2_b", Phase::contract, "before");
  done.status = state::Status::contracted;
  const Roster roster({file("1_a"), file("2_b")},
                      {started("1_a", Phase::expand, "before"), done});
  EXPECT_TRUE(roster.get("1_a").spec_changed());
  EXPECT_FALSE(roster.get("2_b").spec_changed());
}

struct Case {
  const char* name;
  std::optional<Phase> completed;
  std::optional<Phase> running;
  bool visible;
  bool paused;
  Standing standing;
  const char* next;
};

class Standings : public ::testing::TestWithParam<Case> {};

TEST_P(Standings, LeadToTheNextCommand) {
  const Case& one = GetParam();
  state::Migration stored = started("1_a", one.completed);
  stored.running = one.running;
  stored.is_visible = one.visible;
  stored.paused = one.paused;
  const Roster roster({file("1_a")}, {stored});
  EXPECT_EQ(roster.get("1_a").standing(), one.standing);
  EXPECT_EQ(roster.get("1_a").next_command(), one.next);
}

INSTANTIATE_TEST_SUITE_P(
    All,
    Standings,
    ::testing::Values(Case{"started", std::nullopt, Phase::expand, false, false,
                           Standing::interrupted, "pgexpand apply 1_a"},
                      Case{"verified", Phase::verify, std::nullopt, true, false,
                           Standing::waits_for_switch, "pgexpand switch 1_a"},
                      Case{"in_switch", Phase::verify, Phase::switch_over, true,
                           false, Standing::interrupted, "pgexpand apply 1_a"},
                      Case{"switched", Phase::switch_over, std::nullopt, true,
                           false, Standing::switched, "pgexpand contract 1_a"},
                      Case{"in_contract", Phase::switch_over, Phase::contract,
                           false, false, Standing::contracting,
                           "pgexpand contract 1_a"},
                      Case{"paused", Phase::expand, Phase::backfill, false,
                           true, Standing::paused, "pgexpand resume 1_a"}),
    [](const auto& tested) { return tested.param.name; });

TEST(SpecDifference, NamesTheFirstLineThatDiffers) {
  EXPECT_EQ(spec_difference("a\nb: 1\nc\n", "a\nb: 2\nc\n"),
            "line 2 was \"b: 1\" and is \"b: 2\"");
  EXPECT_EQ(spec_difference("a\n", "a\nb\n"),
            "line 2 was (end of file) and is \"b\"");
}

}  // namespace
}  // namespace pgexpand::campaign
