// Points that a run comes by only when something else went wrong before it.
#include "faults/reference.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace pgexpand::testing {
namespace {

using ::testing::AnyOf;

ExampleOptions small() {
  return {.rows = 300, .variables = {{"PGEXPAND_BATCH_ROWS", "100"}}};
}

class RarePoints : public ::testing::Test {
 protected:
  static void expect_killed(const Example& example,
                            const std::vector<std::string>& words,
                            const std::string& point) {
    const auto run = run_faulty(example, words, point + "=kill");
    EXPECT_EQ(run.exit_code, 137) << run.err;
  }
  static Picture end_of(const std::string& operation) {
    Example example(operation, small());
    EXPECT_EQ(example.apply(), 0) << example.said();
    EXPECT_EQ(example.contract(), 0) << example.said();
    return picture_of(example);
  }
  static void expect_end(Example& example) {
    EXPECT_EQ(example.apply(), 0) << example.said();
    EXPECT_EQ(example.contract(), 0) << example.said();
    EXPECT_EQ(picture_of(example), end_of(example.id()));
  }
  /// The sync trigger does not see it.
  static void behind_the_trigger(Example& example, const std::string& sql) {
    example.database().exec("ALTER TABLE orders DISABLE TRIGGER USER;" + sql);
    example.database().exec(
        "DO $$ DECLARE name text; BEGIN FOR name IN SELECT tgname FROM"
        " pg_trigger WHERE tgrelid = 'orders'::regclass AND NOT tgisinternal"
        " LOOP EXECUTE format('ALTER TABLE orders ENABLE ALWAYS TRIGGER %I',"
        " name); END LOOP; END $$");
  }
};

TEST_F(RarePoints, ASecondFaultAfterALostConnectionChangesNothing) {
  const std::vector<const char*> all{"kill", "throw", "drop-connection"};
  std::size_t number = 0;
  for (const char* first :
       {"before_commit:14", "commit_sent:20", "before_step:3"}) {
    ++number;
    for (const char* second : all) {
      if (!is_full_form() && second != all.at(number % all.size())) {
        continue;
      }
      SCOPED_TRACE(fmt::format("{} {}", first, second));
      Example example("add_column", small());
      const auto run = run_faulty(
          example, apply_words,
          fmt::format("{}=drop-connection,connection_lost={}", first, second));
      EXPECT_THAT(run.exit_code, AnyOf(0, 1, 3, 137)) << run.err;
      EXPECT_EQ(std::ranges::count(run.moments, std::string("connection_lost"),
                                   &Moment::point),
                1);
      expect_end(example);
    }
  }
}

TEST_F(RarePoints, AnIndexThatWasLeftInvalidIsDroppedInTheEnd) {
  Example example("create_index", small());
  // An index of our shape, as a build that was killed leaves it.
  expect_killed(example, apply_words, "index_begun");
  example.database().exec(
      "CREATE INDEX orders_open_idx ON orders (created_at DESC, lower(status))"
      " INCLUDE (customer_id) WHERE status <> 'shipped';"
      "UPDATE pg_index SET indisvalid = false"
      " WHERE indexrelid = 'orders_open_idx'::regclass");
  expect_killed(example, apply_words, "index_remnant_found");
  expect_end(example);
}

TEST_F(RarePoints, AFailedEnforceStepIsTakenBackByTheNextRun) {
  Example example("set_not_null", small());
  EXPECT_EQ(example.apply("verify"), 0) << example.said();
  behind_the_trigger(example, "UPDATE orders SET note = NULL WHERE id = 7");
  expect_killed(example, apply_words, "enforce_failed");
  EXPECT_EQ(example.apply(), 1) << example.said();
  example.database().exec("UPDATE orders SET note = 'none' WHERE id = 7");
  EXPECT_EQ(example.apply(), 0) << example.said();
  EXPECT_EQ(example.contract(), 0) << example.said();
  EXPECT_EQ(example.schema(), end_of("set_not_null").schema);
  EXPECT_EQ(example.leftovers(), "");
}

TEST_F(RarePoints, ARepairThatWasKilledIsDoneAgain) {
  Example example("add_column", small());
  EXPECT_EQ(example.apply("verify"), 0) << example.said();
  behind_the_trigger(example,
                     "UPDATE orders SET status_v2 = 'wrong' WHERE id < 9");
  const std::vector<std::string> words{"verify", "add_column", "--repair"};
  expect_killed(example, words, "repair_walked");
  EXPECT_EQ(example.run(words), 0) << example.said();
  expect_end(example);
}

}  // namespace
}  // namespace pgexpand::testing
