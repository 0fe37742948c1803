// The list of all points, of which none may be left out, and the two builds of
// the program.
#include "faults/reference.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/overloaded.hpp"
#include "pgexpand/plan/plan.hpp"
#include "places.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

namespace pgexpand::testing {
namespace {

using ::testing::IsSupersetOf;

/// What the tests of this program strike besides what examples come by.
const std::set<std::string> rare{"connection_lost", "enforce_failed",
                                 "index_remnant_found", "wait_seen",
                                 "repair_walked"};

/// A new member of plan::Action does not compile until it is named here.
std::vector<std::string> points_inside(const plan::Action& action) {
  return std::visit(
      Overloaded{[](const plan::RunSql& run) -> std::
                                                 vector<std::string> {
                                                   return run.transactional
                              ? std::vector<std::string>{"tables_seen",
                                                         "transaction_locked",
                                                         "transaction_acted"}
                              : std::vector<std::string>{"alone_begun",
                                                         "alone_acted"};
                                                 },
                 [](const plan::BuildIndex&) -> std::vector<std::string> {
                   return {"index_begun", "index_built"};
                 },
                 [](const plan::BackfillRows&) -> std::vector<std::string> {
                   return {"fill_begun",      "batch_begun",  "batch_acted",
                           "between_batches", "range_walked", "fill_walked"};
                 },
                 [](const plan::CompareRows&) -> std::vector<std::string> {
                   return {"comparison_begun", "comparison_walked"};
                 }},
      action);
}

void add_points(const std::vector<Moment>& moments, std::set<std::string>& to) {
  for (const Moment& moment : moments) {
    to.insert(moment.point);
  }
}

TEST(FaultPoints, EachIsMetByAnExampleOrStruckByATestOfItsOwn) {
  std::set<std::string> met = rare;
  for (const Case& each : all_cases()) {
    if (each.views) {
      continue;  // Version schemas add steps, not points.
    }
    const Reference& smooth = reference(each);
    std::set<std::string> forward;
    add_points(smooth.of_apply, forward);
    add_points(smooth.of_contract, forward);
    const auto plan =
        plan::from_json(smooth.switched->database()
                            .query_one("SELECT plan FROM pgexpand.migration")
                            .value());
    for (const plan::Step& step : plan.steps) {
      EXPECT_THAT(forward, IsSupersetOf(points_inside(step.action)))
          << each.operation << " " << step.id;
    }
    add_points(smooth.of_rollback, met);
    met.merge(forward);
  }
  for (const FaultPoint point : fault_points) {
    EXPECT_TRUE(met.contains(std::string(name(point)))) << name(point);
  }
}

TEST(FaultPoints, AreListedByTheProgramWithFaults) {
  const auto listed = run_process({faulty_program(), "--list-fault-points"});
  std::istringstream lines(listed.out);
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) {
    names.push_back(line);
  }
  EXPECT_EQ(listed.exit_code, 0);
  ASSERT_EQ(names.size(), fault_points.size());
  EXPECT_EQ(names.front(), name(fault_points.front()));
  EXPECT_EQ(names.back(), name(fault_points.back()));
}

TEST(FaultPoints, AreNotInTheProgramThatIsShipped) {
  Example example("add_column", {});
  auto shipped = example.spawn_build(shipped_program(), {"apply"},
                                     {"PGEXPAND_FAULT=before_commit=kill"});
  EXPECT_EQ(shipped.wait().exit_code, 0);
  EXPECT_EQ(run_pgexpand({"--list-fault-points"}).exit_code, 2);
}

TEST(FaultPoints, AMistypedOneIsNotTakenForOneThatWasSurvived) {
  Example example("add_column", {});
  for (const char* fault :
       {"no_such_point=kill", "before_commit=explode", "before_commit"}) {
    EXPECT_EQ(run_faulty(example, apply_words, fault).exit_code, 99) << fault;
  }
}

}  // namespace
}  // namespace pgexpand::testing
