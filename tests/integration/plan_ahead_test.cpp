// plan of several pending migrations: each as apply will find it when those
// before it are done.
#include "integration/flow.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <map>

namespace pgexpand::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

class PlanAhead : public Flow {
 protected:
  PlanAhead() {
    database_.exec(
        "CREATE TABLE public.customers (id int PRIMARY KEY, name text);"
        "CREATE TABLE public.orders (id int PRIMARY KEY, customer_id int NOT "
        "NULL, status varchar(20) NOT NULL DEFAULT 'new', note text,"
        " CONSTRAINT id_check CHECK (id >= 0));"
        "CREATE INDEX orders_note_idx ON public.orders (lower(note), status)"
        " WHERE note IS NOT NULL;");
  }

  void write(const std::string& id, const std::string& operations) {
    line_.write("migrations/" + id + ".yaml", "operations:\n" + operations);
    ids_.push_back(id);
  }

  /// The plans of all pending migrations, or of one, by id.
  std::map<std::string, json> plans(const std::string& id = "") {
    std::vector<std::string> words{"plan", "-o", "json"};
    if (!id.empty()) {
      words.push_back(id);
    }
    EXPECT_EQ(run(words), 0) << line_.out << line_.err;
    std::map<std::string, json> found;
    const json answer = json::parse(line_.out);
    for (const json& one : answer.at("migrations")) {
      found[one.at("id")] = one;
    }
    return found;
  }

  /// All that a plan says of what will be done, without sizes.
  static std::string steps_of(const json& plan) {
    std::string text = plan.at("hazards").dump(1);
    for (const json& phase : plan.at("phases")) {
      for (const json& step : phase.at("steps")) {
        text += '\n' + step.dump(1);
      }
    }
    return text;
  }

  void finish(const std::string& id) {
    ASSERT_EQ(run({"apply", id, "--through", "contract"}), 0)
        << id << "\n"
        << line_.out << line_.err;
  }

  /// Plans the folder, then applies it one by one: each plan is what it was.
  void expect_plans_hold() {
    const auto ahead = plans();
    for (const std::string& id : ids_) {
      ASSERT_TRUE(ahead.contains(id)) << id;
      const std::string steps = steps_of(ahead.at(id));
      EXPECT_THAT(steps, HasSubstr(" TABLE \\\"public\\\".")) << id;
      EXPECT_EQ(steps_of(plans(id).at(id)), steps) << id;
      finish(id);
    }
  }

  std::vector<std::string> ids_;

  void write_all_operations() {
    write("01",
          "  - add_column: {table: orders, column: size, type: integer, up: "
          "length(note), check: {name: size_check, expression: size >= 0}}\n"
          "  - add_column: {table: orders, column: buyer, type: integer, "
          "references: {table: customers}}\n"
          "  - create_index: {table: orders, columns: [size, status]}\n");
    write("02",
          "  - rename_column: {table: orders, from: size, to: length}\n"
          "  - rename_column: {table: orders, from: note, to: remark}\n"
          "  - create_index: {table: orders, columns: [length], where: length "
          "> 3, name: long_idx}\n");
    write("03",
          "  - alter_column: {table: orders, column: length, type: bigint}\n"
          "  - alter_column: {table: orders, column: status, type: "
          "varchar(50)}\n");
    write("04",
          "  - set_not_null: {table: orders, column: length, up: \"0\"}\n"
          "  - drop_not_null: {table: orders, column: customer_id}\n"
          "  - drop_index: {index: orders_size_status_idx}\n");
    write("05",
          "  - alter_column: {table: orders, column: length, default: '7', "
          "comment: 'in letters'}\n"
          "  - backfill: {table: orders, set: {remark: \"'none'\"}, where: "
          "remark is null}\n");
    write("06",
          "  - rename_column: {table: orders, from: length, to: letters}\n"
          "  - drop_column: {table: orders, column: buyer}\n");
    write("07", "  - drop_column: {table: orders, column: letters}\n");
  }
};

TEST_F(PlanAhead, EachIsPlannedAsItWillRun) {
  write_all_operations();
  expect_plans_hold();
}

TEST_F(PlanAhead, EachIsPlannedAsItWillRunInViews) {
  line_.write("pgexpand.yaml", "versions: views\n");
  write_all_operations();
  expect_plans_hold();
}

TEST_F(PlanAhead, ATypeOfTheUsersOwnIsFoundOnAProjectedColumn) {
  database_.exec("CREATE TYPE public.mood AS ENUM ('sad', 'glad');");
  write("01",
        "  - add_column: {table: orders, column: mood, type: mood, default: "
        "\"'sad'\"}\n");
  write("02",
        "  - alter_column: {table: orders, column: mood, type: text, up: "
        "mood::text, down: mood::mood, default: \"'sad'\"}\n"
        "  - create_index: {table: orders, columns: [mood]}\n");
  expect_plans_hold();
}

TEST_F(PlanAhead, TheOnesBeforeAreNamed) {
  write("01", "  - rename_column: {table: orders, from: note, to: remark}\n");
  write("02", "  - drop_column: {table: orders, column: remark}\n");
  write("03", "  - drop_column: {table: customers, column: name}\n");
  const auto found = plans();
  EXPECT_THAT(found.at("01").at("planned_after"), IsEmpty());
  EXPECT_EQ(found.at("02").at("planned_after"), json::array({"01"}));
  EXPECT_EQ(found.at("02").at("note"),
            "planned as 01 will leave public.orders; apply waits for the "
            "contract of 01");
  EXPECT_TRUE(found.at("03").at("note").is_null());
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("note: planned as 01 will leave"));
  // Alone it would find no such column.
  EXPECT_EQ(run({"plan", "02"}), 2) << line_.out;
  EXPECT_THAT(line_.err, HasSubstr("catalog.unknown-column"));
}

TEST_F(PlanAhead, WhatADependencyMakesCountsWithoutBeingAsked) {
  write("01", "  - add_column: {table: orders, column: a, type: text}\n");
  line_.write("migrations/02.yaml",
              "depends_on: [01]\noperations:\n"
              "  - create_index: {table: orders, columns: [a]}\n");
  EXPECT_EQ(plans("02").at("02").at("planned_after"), json::array({"01"}));
}

TEST_F(PlanAhead, WhatSqlMakesIsPlannedWhenItHasRun) {
  write("01",
        "  - sql: {expand: \"CREATE TABLE public.fresh (id int)\", rollback: "
        "\"DROP TABLE public.fresh\"}\n");
  write("02", "  - add_column: {table: fresh, column: a, type: text}\n");
  write("03", "  - create_index: {table: fresh, columns: [a]}\n");
  write("04", "  - drop_column: {table: customers, column: name}\n");
  const auto found = plans();
  EXPECT_EQ(found.at("02").at("note"),
            "planned when 01 has run: table fresh does not exist");
  EXPECT_EQ(found.at("02").at("planned_after"), json::array({"01"}));
  EXPECT_THAT(found.at("02").at("phases"), IsEmpty());
  EXPECT_EQ(found.at("03").at("note"),
            "planned when 01 and 02 have run: table fresh does not exist");
  EXPECT_THAT(found.at("04").at("phases"), Not(IsEmpty()));
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("migration 02: planned when 01 has run"));
  EXPECT_EQ(run({"apply"}), 8) << line_.out << line_.err;
  finish("02");
  finish("03");
}

TEST_F(PlanAhead, WhatNothingBeforeCouldMakeIsAnError) {
  write("01", "  - rename_column: {table: orders, from: note, to: remark}\n");
  write("02", "  - add_column: {table: fresh, column: a, type: text}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("catalog.unknown-table"));
  // What is made later is no excuse.
  write("03", "  - sql: {contract: \"CREATE TABLE public.fresh (id int)\"}\n");
  EXPECT_EQ(run({"plan"}), 2);
}

TEST_F(PlanAhead, SqlBeforeExcusesOnlyWhatIsMissing) {
  write("01", "  - sql: {contract: SELECT 1}\n");
  write("02", "  - add_column: {table: orders, column: note, type: text}\n");
  EXPECT_EQ(run({"plan"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("catalog.column-exists"));
}

/// One that is under way, in each phase.
TEST_F(PlanAhead, OneUnderWayCountsAsItsContractWillLeaveIt) {
  write("01",
        "  - alter_column: {table: orders, column: status, type: text}\n"
        "  - rename_column: {table: orders, from: note, to: remark}\n"
        "  - add_column: {table: orders, column: size, type: integer, up: "
        "length(note)}\n"
        "  - create_index: {table: orders, columns: [size]}\n");
  write("02",
        "  - alter_column: {table: orders, column: status, type: varchar(9)}\n"
        "  - rename_column: {table: orders, from: remark, to: note}\n"
        "  - drop_column: {table: orders, column: size}\n");
  const std::string before = steps_of(plans().at("02"));
  for (const std::string phase : {"expand", "backfill", "verify", "switch"}) {
    ASSERT_EQ(run({"apply", "01", "--through", phase}), 0) << line_.err;
    const auto found = plans().at("02");
    EXPECT_EQ(steps_of(found), before) << phase;
    EXPECT_EQ(found.at("planned_after"), json::array({"01"})) << phase;
  }
  finish("01");
  const auto found = plans().at("02");
  EXPECT_EQ(steps_of(found), before);
  EXPECT_TRUE(found.at("note").is_null());
  finish("02");
}

/// Stored by a release that did not say what its plans leave.
TEST_F(PlanAhead, OneUnderWayThatDoesNotSayMayMakeAnything) {
  write("01", "  - rename_column: {table: orders, from: note, to: remark}\n");
  write("02", "  - drop_column: {table: orders, column: size}\n");
  write("03",
        "  - drop_column: {table: orders, column: customer_id, down: "
        "\"0\"}\n");
  ASSERT_EQ(run({"apply", "01"}), 0) << line_.err;
  EXPECT_EQ(run({"plan"}), 2);
  database_.exec(
      "UPDATE pgexpand.migration SET plan = (plan::jsonb - 'leaves')::text "
      "WHERE id = '01'");
  EXPECT_EQ(plans().at("02").at("note"),
            "planned when 01 has run: column size of table public.orders does "
            "not exist");
  EXPECT_EQ(plans("03").at("03").at("note"),
            "01 comes first and touches public.orders too; plan again after "
            "its contract");
}

}  // namespace
}  // namespace pgexpand::testing
