// A DEFERRABLE constraint lets rows swap their values in one transaction, in
// every phase, just as it does without a migration.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

#include <array>
#include <exception>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

struct Deferrable {
  const char* name;
  const char* constraint;  ///< Of t, over pos.
  const char* operations;
  const char* plain;  ///< What a blocking migration would have run.
  const char* after = "pos";
  bool views = false;
};
void PrintTo(const Deferrable& one, std::ostream* out) { *out << one.name; }

constexpr const char* retype =
    "  - alter_column: {table: t, column: pos, type: bigint}\n";
constexpr const char* retype_plain = "ALTER TABLE t ALTER pos TYPE bigint";
constexpr const char* rename =
    "  - rename_column: {table: t, from: pos, to: place}\n";
constexpr const char* rename_plain = "ALTER TABLE t RENAME pos TO place";

class Swaps : public CarryTest,
              public ::testing::WithParamInterface<Deferrable> {
 protected:
  static std::string setup() {
    return fmt::format(
        "CREATE TABLE t (note text, pos int NOT NULL, grp int DEFAULT 1,"
        " CONSTRAINT t_pos {});"
        "INSERT INTO t SELECT 'r' || g, g FROM generate_series(1, 60) AS g",
        GetParam().constraint);
  }

  /// Of two constraints that a value breaks the server names the older one.
  static std::string known_names(std::string message) {
    constexpr std::string_view old = "pgexpand_old_";
    for (auto at = message.find(old); at != std::string::npos;
         at = message.find(old)) {
      message.erase(at, old.size());
    }
    return message;
  }

  /// "done", or what the server said. `table` and `column` as the writer knows
  /// them.
  static std::string outcome_of(TestDatabase& database,
                                const std::string& statements) {
    try {
      database.exec(statements);
      return "done";
    } catch (const std::exception& error) {
      database.exec("ROLLBACK");
      return known_names(error.what());
    }
  }

  static std::vector<std::string> swaps(const std::string& table,
                                        const std::string& column) {
    const auto two = [&](const std::string& first) {
      return fmt::format(
          "BEGIN; {2}; UPDATE {0} SET {1} = 2 WHERE note = 'r1';"
          "UPDATE {0} SET {1} = 1 WHERE note = 'r2'; COMMIT;"
          "UPDATE {0} SET {1} = 3 - {1} WHERE note IN ('r1', 'r2')",
          table, column, first);
    };
    return {
        fmt::format("UPDATE {0} SET {1} = 61 - {1};"
                    "UPDATE {0} SET {1} = 61 - {1}",
                    table, column),
        two("SET CONSTRAINTS ALL DEFERRED"),
        two("SET CONSTRAINTS t_pos DEFERRED"),
        two("SELECT 1"),
        fmt::format("UPDATE {0} SET {1} = 5 WHERE note = 'r1'", table, column),
        fmt::format("INSERT INTO {0} (note, {1}) VALUES ('x', 7)", table,
                    column)};
  }

  /// Everything ends as it does in `plain_`.
  void expect_as_plain(const std::string& when,
                       const std::string& table,
                       const std::string& column) {
    const auto here = swaps(table, column);
    const auto there = swaps("t", plain_column_);
    for (std::size_t n = 0; n < here.size(); ++n) {
      EXPECT_EQ(outcome_of(database_, here[n]), outcome_of(plain_, there[n]))
          << when << ": " << here[n];
    }
  }

  std::string definitions(TestDatabase& database) {
    return database
        .query_one(
            "SELECT string_agg(conname || ' ' || pg_get_constraintdef(k.oid) ||"
            " ' ' || pg_get_indexdef(conindid), '; ' ORDER BY conname)"
            " FROM pg_constraint k WHERE conrelid = 't'::regclass"
            " AND contype IN ('u', 'p')")
        .value_or("");
  }

  TestDatabase plain_;
  std::string plain_column_ = "pos";
};

TEST_P(Swaps, EndAsTheyDoWithoutAMigration) {
  const Deferrable& param = GetParam();
  if (param.views) {
    line_.write("pgexpand.yaml", "versions: views\n");
  }
  plain_.exec(setup());
  set_up(setup());
  const std::string before = schema();
  write_migration(param.operations);
  for (const std::string phase : {"expand", "backfill", "verify"}) {
    ASSERT_NO_FATAL_FAILURE(go_through(phase));
    expect_as_plain(phase, "t", "pos");
  }
  const std::string fresh = param.views ? "public_1_move.t" : "t";
  const bool is_renamed = std::string(param.after) != "pos";
  for (int round = 0; round < 2; ++round) {
    ASSERT_NO_FATAL_FAILURE(go_through("switch"));
    expect_as_plain("new code after switch", fresh, param.after);
    if (param.views || is_renamed) {
      expect_as_plain("old code after switch", "t", "pos");
    }
    if (round == 0) {
      ASSERT_NO_FATAL_FAILURE(roll_back());
      EXPECT_EQ(schema(), before);
      expect_as_plain("rollback", "t", "pos");
    }
  }
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  plain_.exec(param.plain);
  plain_column_ = param.after;
  expect_as_plain("contract", fresh, param.after);
  EXPECT_EQ(definitions(database_), definitions(plain_));
  EXPECT_EQ(one(fmt::format("SELECT string_agg(note || {0}, ',' ORDER BY note)"
                            " FROM t",
                            param.after)),
            plain_
                .query_one(fmt::format(
                    "SELECT string_agg(note || {0}, ',' ORDER BY note) FROM t",
                    param.after))
                .value_or(""));
}

constexpr std::array cases{
    Deferrable{"UniqueImmediate", "UNIQUE (pos) DEFERRABLE", retype,
               retype_plain},
    Deferrable{"UniqueDeferred", "UNIQUE (pos) DEFERRABLE INITIALLY DEFERRED",
               retype, retype_plain},
    Deferrable{"UniqueOfTwo", "UNIQUE (grp, pos) INCLUDE (note) DEFERRABLE",
               retype, retype_plain},
    Deferrable{"KeyImmediate", "PRIMARY KEY (pos) DEFERRABLE", retype,
               retype_plain},
    Deferrable{"KeyDeferred",
               "PRIMARY KEY (grp, pos) DEFERRABLE INITIALLY DEFERRED", retype,
               retype_plain},
    Deferrable{"UniqueWithNewValues", "UNIQUE (pos) DEFERRABLE",
               "  - alter_column: {table: t, column: pos, type: bigint,"
               " up: pos * 1, down: pos}\n",
               retype_plain},
    Deferrable{"UniqueInViews", "UNIQUE (pos) DEFERRABLE", retype, retype_plain,
               "pos", true},
    Deferrable{"KeyInViews", "PRIMARY KEY (pos) DEFERRABLE", retype,
               retype_plain, "pos", true},
    Deferrable{"RenamedUnique", "UNIQUE (pos) DEFERRABLE", rename, rename_plain,
               "place"},
    Deferrable{"RenamedKey", "PRIMARY KEY (pos) DEFERRABLE INITIALLY DEFERRED",
               rename, rename_plain, "place"},
};
std::string name_of_one(const ::testing::TestParamInfo<Deferrable>& one) {
  return one.param.name;
}
INSTANTIATE_TEST_SUITE_P(All, Swaps, ::testing::ValuesIn(cases), name_of_one);

class DeferrablePlan : public CarryTest {};

TEST_F(DeferrablePlan, SaysWhatItCosts) {
  set_up(
      "CREATE TABLE t (id int, pos int, CONSTRAINT t_key PRIMARY KEY (id)"
      " DEFERRABLE, CONSTRAINT t_pos UNIQUE (pos) DEFERRABLE);");
  write_migration(retype);
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, AllOf(HasSubstr("index.deferrable-early"),
                               HasSubstr("none of those updates is HOT")));
  write_migration("  - alter_column: {table: t, column: id, type: bigint}\n");
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.out, HasSubstr("index.deferrable-late"));
}

}  // namespace
}  // namespace pgexpand::testing
