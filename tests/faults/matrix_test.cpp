// Every point that an operation's example comes by, struck in every way: the
// same command run again ends as if nothing had happened, and a rollback ends
// where it all began.
//
// Long form: PGEXPAND_FAULT_FORM=full strikes each step at each of its points,
// with each action, or only those of PGEXPAND_FAULT_ACTIONS=kill,throw; the
// short one at a share of them. A step's further batches are struck at their
// first and last only.
#include "faults/reference.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

namespace pgexpand::testing {
namespace {

using ::testing::AnyOf;

std::vector<std::string> chosen_actions() {
  const char* given = std::getenv("PGEXPAND_FAULT_ACTIONS");
  std::istringstream list(given == nullptr ? "kill,throw,drop-connection"
                                           : given);
  std::vector<std::string> actions;
  for (std::string action; std::getline(list, action, ',');) {
    actions.push_back(action);
  }
  return actions;
}

/// Moments are alike if they are in the same step, at the same point, and after
/// the same one: the COMMITs of one step's batches are.
std::vector<Moment> first_and_last_of_each(const std::vector<Moment>& moments) {
  std::map<std::string, std::pair<std::size_t, std::size_t>> ends;
  std::string before;
  int step = 0;
  for (std::size_t at = 0; at < moments.size(); ++at) {
    const std::string& point = moments[at].point;
    const bool is_commit = point.find("commit") != std::string::npos;
    step += point == "before_step" || point == "before_undo" ? 1 : 0;
    const auto key = fmt::format("{} {} {}", step, before, point);
    ends.try_emplace(key, at, at).first->second.second = at;
    before = is_commit ? before : point;
  }
  std::set<std::size_t> kept;
  for (const auto& [key, pair] : ends) {
    kept.insert({pair.first, pair.second});
  }
  std::vector<Moment> result;
  for (const std::size_t at : kept) {
    result.push_back(moments[at]);
  }
  return result;
}

struct Strike {
  Moment moment;
  std::string action;
};

struct Counts {
  int struck = 0, unmet = 0;
};
Counts counts;

class FaultMatrix : public ::testing::TestWithParam<Case> {
 protected:
  static void TearDownTestSuite() {
    std::cout << fmt::format(
        "faults: {} points, {} examples, {} runs struck, {} not met\n",
        fault_points.size(), reference_count(), counts.struck, counts.unmet);
  }

  [[nodiscard]] const std::string& id() const { return GetParam().operation; }
  Reference& smooth() { return reference(GetParam()); }

  /// All in the long form; else a few, which all cases together spread over
  /// the whole run.
  static std::vector<Strike> chosen(const std::vector<Moment>& moments,
                                    std::size_t few) {
    std::vector<Strike> all;
    for (const std::string& action : chosen_actions()) {
      for (const Moment& moment : first_and_last_of_each(moments)) {
        all.push_back({moment, action});
      }
    }
    if (is_full_form()) {
      return all;
    }
    const auto cases = all_cases();
    const auto number = static_cast<std::size_t>(
        std::ranges::find(cases, name_of(GetParam()), name_of) - cases.begin());
    std::vector<Strike> some;
    for (std::size_t i = 0; i < few; ++i) {
      some.push_back(all.at((i * cases.size() + number) * all.size() /
                            (few * cases.size())));
    }
    return some;
  }

  void strike(const Example& example,
              const std::vector<std::string>& words,
              const Moment& moment,
              const std::string& action) {
    const auto run = run_faulty(example, words, moment.fault(action));
    ++(run.was_struck ? counts.struck : counts.unmet);
    if (action == "kill") {
      EXPECT_EQ(run.exit_code, run.was_struck ? 137 : 0) << run.err;
    } else if (action == "throw") {
      EXPECT_THAT(run.exit_code, AnyOf(0, 1)) << run.err;
    } else {
      EXPECT_THAT(run.exit_code, AnyOf(0, 3)) << run.err;
    }
  }

  void expect_end(Example& example) {
    EXPECT_EQ(example.contract(), 0) << example.said();
    EXPECT_EQ(picture_of(example), smooth().after);
    EXPECT_EQ(wrong_records(example), "");
  }

  /// `kept`: the data, if the plan says that rollback leaves it.
  void expect_start(Example& example, const std::string& kept) {
    EXPECT_EQ(example.roll_back(), 0) << example.said();
    Picture expected = smooth().before;
    expected.data = kept;
    EXPECT_EQ(picture_of(example), expected);
  }

  std::string data_after_rollback(Example& example) {
    const bool was_started =
        example.database()
            .query_one("SELECT to_regclass('pgexpand.migration')")
            .has_value() &&
        example.database().query_one(
            "SELECT count(plan) FROM pgexpand.migration") == "1";
    return was_started && example.keeps_data_after_rollback()
               ? picture_of(example).data
               : smooth().before.data;
  }

  template <typename Check>
  void for_each(const std::vector<Moment>& moments,
                std::size_t few,
                Example& original,
                const std::vector<std::string>& words,
                const Check& check) {
    for (const auto& [moment, action] : chosen(moments, few)) {
      SCOPED_TRACE(moment.fault(action));
      Example example = copy_of(GetParam(), original);
      strike(example, words, moment, action);
      check(example);
    }
  }
};

TEST_P(FaultMatrix, AStruckApplyGoesOn) {
  for_each(smooth().of_apply, 3, *smooth().start, apply_words,
           [&](Example& example) {
             EXPECT_EQ(example.apply(), 0) << example.said();
             expect_end(example);
           });
}

TEST_P(FaultMatrix, AStruckApplyGoesBack) {
  for_each(smooth().of_apply, 1, *smooth().start, apply_words,
           [&](Example& example) {
             expect_start(example, data_after_rollback(example));
           });
}

TEST_P(FaultMatrix, AStruckContractGoesOn) {
  for_each(smooth().of_contract, 1, *smooth().switched, {"contract", id()},
           [&](Example& example) { expect_end(example); });
}

TEST_P(FaultMatrix, AStruckContractGoesBackOrOn) {
  for_each(smooth().of_contract, 1, *smooth().switched, {"contract", id()},
           [&](Example& example) {
             const std::string kept = data_after_rollback(example);
             const int code = example.roll_back();
             if (code == 0) {
               expect_start(example, kept);
             } else {
               EXPECT_EQ(code, 7) << example.said();
               expect_end(example);
             }
           });
}

TEST_P(FaultMatrix, AStruckRollbackGoesOn) {
  for_each(smooth().of_rollback, 1, *smooth().switched, {"rollback", id()},
           [&](Example& example) {
             expect_start(example, data_after_rollback(example));
           });
}

INSTANTIATE_TEST_SUITE_P(Examples,
                         FaultMatrix,
                         ::testing::ValuesIn(all_cases()),
                         [](const auto& each) { return name_of(each.param); });

}  // namespace
}  // namespace pgexpand::testing
