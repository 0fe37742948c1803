// Plans that earlier releases stored, on a real server: the migration was
// started then, and goes on now. And plans that nobody can read.
#include "flow.hpp"
#include "pgexpand/state/store.hpp"
#include "places.hpp"
#include "support/leftovers.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <ostream>

namespace pgexpand {
namespace {

using Json = nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;

/// A line of tests/golden/stored.
struct Stored {
  std::string name;  ///< Of the test.
  Json golden;
};

void PrintTo(const Stored& stored, std::ostream* out) { *out << stored.name; }

std::vector<Stored> all_stored() {
  std::vector<Stored> all;
  const auto folder = testing::source_folder() / "tests/golden/stored";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".json") {
      continue;
    }
    std::ifstream file(entry.path());
    for (const Json& one : Json::parse(file)) {
      all.push_back(
          {fmt::format("{}_{}_{}", entry.path().stem().string(),
                       one.at("operation").get<std::string>(), all.size()),
           one});
      std::ranges::replace_if(
          all.back().name, [](unsigned char c) { return !std::isalnum(c); },
          '_');
    }
  }
  return all;
}

class StoredPlanFlow : public testing::Flow {
 protected:
  StoredPlanFlow() {
    line_.variables["PGEXPAND_LOCK_HOLD"] = "20s";
    const auto session = database_.session();
    state::Store(*session, sql::Identifier("pgexpand")).ensure();
  }

  void store(const std::string& id,
             const std::string& plan,
             const std::string& status = "in_progress",
             const std::string& completed = "NULL") const {
    database_.exec(fmt::format(
        "INSERT INTO pgexpand.migration (id, status, completed, epoch, plan,"
        " started_at) VALUES ({}, '{}', {}, 1, {}, now())",
        sql::quote_literal(id), status, completed, sql::quote_literal(plan)));
  }
};

class StoredPlan : public StoredPlanFlow,
                   public ::testing::WithParamInterface<Stored> {};

TEST_P(StoredPlan, OfAnEarlierReleaseIsRunToItsEnd) {
  const Json& golden = GetParam().golden;
  database_.exec(golden.at("setup").get<std::string>());
  Json plan = golden.at("plan");
  for (Json& table : plan.at("tables")) {
    const auto& name = table.at("name");
    table["oid"] =
        std::stoul(one(fmt::format("SELECT '{}.{}'::regclass::oid::bigint",
                                   name.at("schema").get<std::string>(),
                                   name.at("name").get<std::string>())));
  }
  const auto id = plan.at("id").get<std::string>();
  store(id, plan.dump());
  EXPECT_EQ(run({"resume", id, "--through", "switch"}), 0) << line_.err;
  EXPECT_EQ(run({"contract", id}), 0) << line_.err;
  EXPECT_EQ(one("SELECT status FROM pgexpand.migration"), "contracted");
  // The plans were made for a server on which a NOT NULL has no name.
  EXPECT_EQ(one(fmt::format("SELECT string_agg(line, ' ') FROM ({}) AS found"
                            " WHERE line NOT LIKE 'constraint %_not_null'",
                            testing::leftovers_query)),
            "NULL");
}

INSTANTIATE_TEST_SUITE_P(OfGolden,
                         StoredPlan,
                         ::testing::ValuesIn(all_stored()),
                         [](const auto& stored) { return stored.param.name; });

/// 1_old is under way with a plan that cannot be read; 2_new has a file.
class UnreadablePlan : public StoredPlanFlow {
 protected:
  UnreadablePlan() {
    database_.exec(
        "CREATE TABLE t (id bigint PRIMARY KEY);"
        "CREATE TABLE other (id bigint PRIMARY KEY)");
    write_spec("2_new", "add_column",
               {"table: other", "column: c", "type: text"});
  }

  static Json plan_of(const std::string& table) {
    plan::Plan plan;
    plan.id = "1_old";
    plan.steps.push_back({.id = "expand-1"});
    plan.tables.push_back(
        {.name = {sql::Identifier("public"), sql::Identifier(table)}});
    return Json::parse(plan::to_json(plan));
  }
  static std::string without_enforces(Json plan) {
    plan["steps"][0].erase("enforces");
    return plan.dump();
  }
};

TEST_F(UnreadablePlan, StopsOnlyWhoNeedsIt) {
  store("1_old", without_enforces(plan_of("t")));
  EXPECT_EQ(line_.run({"history"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"lint"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"plan"}), 0) << line_.err;
  EXPECT_EQ(run({"apply", "2_new"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"pause", "1_old"}), 0) << line_.err;
  for (const char* command : {"resume", "rollback", "plan"}) {
    EXPECT_EQ(line_.run({command, "1_old"}), 1) << command;
    EXPECT_THAT(line_.err, HasSubstr("the stored plan of 1_old cannot be read: "
                                     "steps[0] has no \"enforces\""));
    EXPECT_THAT(line_.err, HasSubstr("plan.undecodable"));
  }
}

TEST_F(UnreadablePlan, IsShownByStatusWithTheReason) {
  store("1_old", without_enforces(plan_of("t")));
  EXPECT_EQ(line_.run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("steps[0] has no \"enforces\""));
  EXPECT_EQ(line_.run({"status", "-o", "json"}), 0);
  EXPECT_THAT(Json::parse(line_.out).at("migrations").at(0).at("problem"),
              HasSubstr("enforces"));
}

TEST_F(UnreadablePlan, KeepsItsTablesFromOthers) {
  store("1_old", without_enforces(plan_of("other")));
  EXPECT_EQ(run({"apply", "2_new"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("waits for the contract of 1_old"));
}

TEST_F(UnreadablePlan, WithoutTablesKeepsEverybodyFromStarting) {
  store("1_old", "{");
  EXPECT_EQ(run({"apply", "2_new"}), 1);
  EXPECT_THAT(line_.err, HasSubstr("the stored plan of 1_old cannot be read"));
  EXPECT_EQ(one("SELECT count(*) FROM pgexpand.migration WHERE id = '2_new'"),
            "0");
  EXPECT_EQ(line_.run({"status"}), 0) << line_.err;
}

TEST_F(UnreadablePlan, OfANewerFormatNamesTheRelease) {
  Json newer = plan_of("t");
  newer["format"] = plan::stored_format + 1;
  newer["written_by"] = "9.8.7";
  store("1_old", newer.dump());
  EXPECT_EQ(run({"resume", "1_old"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("plan.newer"));
  EXPECT_THAT(line_.err, HasSubstr("install pgexpand 9.8.7 or a newer one"));
  EXPECT_EQ(line_.run({"status"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("9.8.7"));
}

TEST_F(UnreadablePlan, OfAContractedMigrationConcernsNobody) {
  store("1_old", "{", "contracted", "'contract'");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
  EXPECT_EQ(run({"contract"}), 0) << line_.err;
  EXPECT_EQ(line_.run({"status", "--exit-code"}), 0) << line_.err;
  EXPECT_THAT(line_.out, Not(HasSubstr("cannot be read")));
  EXPECT_EQ(run({"rollback", "2_new"}), 7) << line_.err;
  EXPECT_EQ(line_.run({"plan", "1_old"}), 1);
}

}  // namespace
}  // namespace pgexpand
