// Beside a migration an application makes each change twice: in the table that
// is migrated and in a twin that is not. In the end the two must be the same,
// and every new column what its expression says.
#include "flow.hpp"
#include "twin_application.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <ostream>

namespace pgexpand::testing {
namespace {

constexpr int initial_rows = 12'000;
constexpr int plenty = 100;  ///< Transactions of the application.

struct Run {
  unsigned seed = 1;
  int workers = 1;
};

void PrintTo(const Run& run, std::ostream* out) {
  *out << "seed " << run.seed << ", workers " << run.workers;
}

/// PGEXPAND_ORACLE_SEEDS says how many seeds, each with one worker and with
/// four.
std::vector<Run> runs(unsigned seeds) {
  const char* wanted = std::getenv("PGEXPAND_ORACLE_SEEDS");
  if (wanted != nullptr) {
    seeds = static_cast<unsigned>(std::stoul(wanted));
  }
  std::vector<Run> all;
  for (unsigned seed = 1; seed <= seeds; ++seed) {
    all.push_back({seed, 1});
    all.push_back({seed, 4});
  }
  return all;
}

std::string name_of(const ::testing::TestParamInfo<Run>& test) {
  return fmt::format("Seed{}Workers{}", test.param.seed, test.param.workers);
}

class Oracle : public Flow, public ::testing::WithParamInterface<Run> {
 protected:
  Oracle() {
    database_.exec(fmt::format(
        "CREATE TABLE orders (id bigint PRIMARY KEY, tag bigint NOT NULL,"
        " status text, amount integer NOT NULL, note text,"
        " filled integer NOT NULL DEFAULT 0);"
        "INSERT INTO orders SELECT g, g,"
        " CASE g % 4 WHEN 0 THEN 'shipped' ELSE 's' || g % 7 END, g,"
        " CASE WHEN g % 5 > 0 THEN repeat('n', g % 60) END"
        " FROM generate_series(1, {}) AS g;"
        "CREATE INDEX ON orders (status); CREATE INDEX ON orders (amount);"
        "CREATE TABLE twin (LIKE orders INCLUDING ALL);"
        "INSERT INTO twin TABLE orders;"
        "VACUUM ANALYZE orders; VACUUM ANALYZE twin;",
        initial_rows));
  }

  /// Runs the migration beside the application, for a few seconds.
  void migrate(const std::string& id, const Habits& habits) {
    TwinApplication application(database_, GetParam().seed, initial_rows,
                                habits);
    application.await(plenty);
    const int before = application.transactions();
    EXPECT_EQ(apply(id), 0) << line_.err << line_.out;
    EXPECT_GT(application.transactions() - before, plenty);
    application.await(plenty);
    application.stop();
    EXPECT_EQ(application.errors(), "");
    for (int kind = 0; kind < TwinApplication::kinds; ++kind) {
      EXPECT_GT(application.changes(static_cast<TwinApplication::Kind>(kind)),
                0)
          << "kind " << kind;
    }
    EXPECT_EQ(run({"verify", id}), 0) << line_.err << line_.out;
  }

  int apply(const std::string& id) {
    const int workers = GetParam().workers;
    std::vector<std::string> words{
        "apply",          id,
        "--through",      "verify",
        "--batch-rows",   "100",
        "--lock-timeout", "50ms",
        "--pause",        fmt::format("{}ms", 5 * workers)};
    if (workers > 1) {
      words.insert(words.end(), {"--workers", std::to_string(workers)});
    }
    return line_.run(words);
  }

  /// Rows of one side that the other lacks, a few of them; empty: none.
  std::string differences(const std::string& left, const std::string& right) {
    const auto missing = [&](const char* which, const std::string& first,
                             const std::string& second) {
      return one(
          fmt::format("SELECT coalesce(string_agg('{} ' || left(d::text, 60), "
                      "E'\\n'), '') FROM"
                      " (({}) EXCEPT ALL ({}) LIMIT 5) AS d",
                      which, first, second));
    };
    return missing("only in orders:", left, right) +
           missing("only in twin:", right, left);
  }
  std::string count(const std::string& condition) {
    return one("SELECT count(*) FROM orders WHERE " + condition);
  }
};

constexpr const char* old_columns =
    "SELECT id, tag, status, amount, note FROM ";

class NewColumns : public Oracle {
 protected:
  NewColumns() {
    line_.write("migrations/1_shape.yaml", R"(
operations:
  - add_column:
      table: orders
      column: label
      type: text
      up: upper(status) || ':' || amount
  - rename_column: {table: orders, from: note, to: remark}
  - alter_column: {table: orders, column: amount, type: bigint}
)");
  }
};

TEST_P(NewColumns, AreWhatTheOldOnesSayAndNoWriteIsLost) {
  migrate("1_shape", {});
  EXPECT_EQ(differences(old_columns + std::string("orders"),
                        old_columns + std::string("twin")),
            "");
  EXPECT_EQ(count("label IS DISTINCT FROM upper(status) || ':' || amount"),
            "0");
  EXPECT_EQ(count("remark IS DISTINCT FROM note"), "0");
  EXPECT_EQ(count("pgexpand_new_amount IS DISTINCT FROM amount"), "0");
  EXPECT_EQ(run({"rollback", "1_shape"}), 0) << line_.err;
  EXPECT_EQ(differences("TABLE orders", "TABLE twin"), "");
}

INSTANTIATE_TEST_SUITE_P(Oracle,
                         NewColumns,
                         ::testing::ValuesIn(runs(3)),
                         name_of);

class FillInPlace : public Oracle {};

// The counter shows a row that was done twice, and one that never was.
TEST_P(FillInPlace, DoesEachRowOnceWhileOthersMoveRows) {
  write_spec("1_fill", "backfill",
             {"table: orders", "set: {status: \"'sent'\", filled: filled + 1}",
              "where: status = 'shipped'"});
  migrate("1_fill", {.columns = {"amount", "note"}});
  EXPECT_EQ(differences("TABLE orders",
                        "SELECT id, tag, CASE status WHEN 'shipped' THEN"
                        " 'sent' ELSE status END, amount, note,"
                        " (status IS NOT DISTINCT FROM 'shipped')::int"
                        " FROM twin"),
            "");
}

TEST_P(FillInPlace, OfHolesWritesNoRowTwice) {
  database_.exec(
      "CREATE TABLE written (tag bigint, before text);"
      "CREATE FUNCTION note_backfill() RETURNS trigger LANGUAGE plpgsql AS $$"
      "BEGIN IF current_setting('pgexpand.mode', true) = 'backfill' THEN"
      " INSERT INTO public.written VALUES (OLD.tag, OLD.note); END IF;"
      " RETURN NULL; END $$;"
      "CREATE TRIGGER note_backfill AFTER UPDATE ON orders FOR EACH ROW"
      " EXECUTE FUNCTION note_backfill();"
      "ALTER TABLE orders ENABLE ALWAYS TRIGGER note_backfill;");
  write_spec("1_holes", "set_not_null",
             {"table: orders", "column: note", "up: \"'none'\"",
              "allow: [user_triggers]"});
  migrate("1_holes", {});
  EXPECT_EQ(differences(old_columns + std::string("orders"),
                        "SELECT id, tag, status, amount,"
                        " coalesce(note, 'none') FROM twin"),
            "");
  EXPECT_NE(one("SELECT count(*) FROM written"), "0");
  EXPECT_EQ(one("SELECT count(*) FROM written WHERE before IS NOT NULL"), "0");
  EXPECT_EQ(one("SELECT count(*) - count(DISTINCT tag) FROM written"), "0");
}

INSTANTIATE_TEST_SUITE_P(Oracle,
                         FillInPlace,
                         ::testing::ValuesIn(runs(1)),
                         name_of);

}  // namespace
}  // namespace pgexpand::testing
