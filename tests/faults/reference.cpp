#include "faults/reference.hpp"

#include "pgexpand/ops/operation.hpp"

#include <gtest/gtest.h>

#include <map>

namespace pgexpand::testing {
namespace {

ExampleOptions options_of(const Case& each) {
  return {.rows = 300,
          .config = each.views ? "versions: views\n" : "",
          // The size of a batch must not follow from how fast it was.
          .variables = {{"PGEXPAND_BATCH_ROWS", "100"},
                        {"PGEXPAND_BATCH_TARGET", "1h"}}};
}

std::vector<Moment> trace_smooth(Example& example,
                                 const std::vector<std::string>& words) {
  auto run = run_faulty(example, words);
  EXPECT_EQ(run.exit_code, 0) << run.err;
  return std::move(run.moments);
}

std::unique_ptr<Reference> make_reference(const Case& each) {
  auto made = std::make_unique<Reference>();
  made->start = std::make_unique<Example>(each.operation, options_of(each));
  made->before = picture_of(*made->start);
  ExampleOptions options = options_of(each);
  options.original = made->start.get();
  made->switched = std::make_unique<Example>(each.operation, options);
  made->of_apply = trace_smooth(*made->switched, apply_words);
  {
    Example example = copy_of(each, *made->switched);
    made->of_contract = trace_smooth(example, {"contract", each.operation});
    made->after = picture_of(example);
    EXPECT_EQ(made->after.leftovers, "");
  }
  Example example = copy_of(each, *made->switched);
  made->of_rollback = trace_smooth(example, {"rollback", each.operation});
  return made;
}

std::map<std::string, std::unique_ptr<Reference>>& references() {
  static std::map<std::string, std::unique_ptr<Reference>> all;
  return all;
}

}  // namespace

std::string name_of(const Case& each) {
  return each.operation + (each.views ? "_views" : "");
}

std::vector<Case> all_cases() {
  std::vector<Case> cases;
  for (const auto* type : ops::all_operations()) {
    cases.push_back({std::string(type->name), false});
    cases.push_back({std::string(type->name), true});
  }
  return cases;
}

Example copy_of(const Case& each, Example& original) {
  ExampleOptions options = options_of(each);
  options.original = &original;
  return Example(each.operation, options);
}

Reference& reference(const Case& each) {
  auto& made = references()[name_of(each)];
  if (!made) {
    made = make_reference(each);
  }
  return *made;
}

std::size_t reference_count() { return references().size(); }

void forget_references() { references().clear(); }

}  // namespace pgexpand::testing
