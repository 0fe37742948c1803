// A database says how text becomes a value: TimeZone, DateStyle and others.
// What pgexpand computes is what a plain statement typed into the database
// gives, whatever the session of the application says.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

#include <tuple>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

// 29 March 2026 02:30 is no time in Berlin, 25 October 02:30 is two.
constexpr const char* table = R"(
CREATE TABLE t (id int PRIMARY KEY, at timestamp, txt text, b bytea, f float8,
  i interval, m money, n text, back timestamptz);
INSERT INTO t SELECT g, v.at, '03/04/2026', '\x61ff', 0.1::float8 * 3,
  '-1 day -2:03', 1234.5, NULL, '2026-06-01 12:00+00'
FROM generate_series(1, 3) AS g JOIN LATERAL (VALUES
  (1, timestamp '2026-03-29 02:30'), (2, timestamp '2026-10-25 02:30'),
  (3, timestamp '2026-01-01 00:00')) AS v (id, at) ON v.id = g;
)";

constexpr const char* operations = R"yaml(
  - alter_column: {table: t, column: at, type: timestamptz, allow: [lossy]}
  - alter_column: {table: t, column: back, type: timestamp}
  - add_column: {table: t, column: day, type: date, up: "txt::date"}
  - add_column: {table: t, column: words, type: text,
      up: "concat(b, ' ', f, ' ', i, ' ', m)"
}
  - add_column: {table: t, column: digits, type: text,
      up: "regexp_replace(txt, '\\d+/', 'n\\\\')"}
  - add_column: {table: t, column: since, type: date,
      default: "'03/04/2026'", check: {name: c, expression: "since >= '03/04/2026'::date"}}
  - create_index: {table: t, columns: [n], name: t_n,
      where: "back > '03/04/2026'"}
  - backfill: {table: t, set: {n: "to_char('05/06/2026'::date, 'Month')"},
      where: "n IS NULL"}
  - sql: {expand: "CREATE TABLE made AS SELECT '03/04/2026 12:00'::timestamptz AS at"}
)yaml";

constexpr const char* plain = R"(
ALTER TABLE t ALTER at TYPE timestamptz, ALTER back TYPE timestamp;
ALTER TABLE t ADD day date, ADD words text, ADD digits text;
UPDATE t SET day = txt::date, words = concat(b, ' ', f, ' ', i, ' ', m),
  digits = regexp_replace(txt, '\d+/', 'n\\'),
  n = to_char('05/06/2026'::date, 'Month');
ALTER TABLE t ADD since date DEFAULT '03/04/2026'
  CHECK (since >= '03/04/2026'::date);
CREATE INDEX t_n ON t (n) WHERE back > '03/04/2026';
CREATE TABLE made AS SELECT '03/04/2026 12:00'::timestamptz AS at;
)";

constexpr const char* values =
    "SELECT string_agg(concat_ws('|', id, extract(epoch FROM at),"
    " extract(epoch FROM back), extract(epoch FROM day), words, digits,"
    " extract(epoch FROM since), (SELECT extract(epoch FROM at) FROM made)),"
    " E'\\n' ORDER BY id) FROM t";

constexpr const char* definitions =
    "SELECT pg_get_expr(adbin, adrelid) || ' ' || pg_get_constraintdef(c.oid)"
    " || ' ' || pg_get_indexdef('t_n'::regclass) FROM pg_attrdef"
    " JOIN pg_constraint AS c ON conrelid = adrelid AND contype = 'c'"
    " WHERE adrelid = 't'::regclass";

// An application that has everything another way than the database.
constexpr const char* hostile = R"(
SET TimeZone = 'Asia/Tokyo'; SET DateStyle = 'Postgres, MDY';
SET IntervalStyle = 'iso_8601'; SET extra_float_digits = -5;
SET bytea_output = 'escape'; SET escape_string_warning = off;
SET standard_conforming_strings = off;
)";

void set(const TestDatabase& database,
         const std::string& zone,
         const std::string& date_style) {
  database.exec(
      fmt::format("ALTER DATABASE {0} SET TimeZone = '{1}';"
                  "ALTER DATABASE {0} SET DateStyle = '{2}';"
                  "ALTER DATABASE {0} SET bytea_output = 'escape';"
                  "ALTER DATABASE {0} SET extra_float_digits = 0;"
                  "ALTER DATABASE {0} SET IntervalStyle = 'postgres_verbose'",
                  database.name(), zone, date_style));
}

class SessionSettings : public CarryTest,
                        public ::testing::WithParamInterface<
                            std::tuple<const char*, const char*>> {};

TEST_P(SessionSettings, GiveTheValuesThatPlainSqlGives) {
  const auto [zone, date_style] = GetParam();
  TestDatabase control;
  set(control, zone, date_style);
  control.exec(table);
  set(database_, zone, date_style);
  set_up(table);
  database_.disconnect();
  write_migration(operations);
  ASSERT_NO_FATAL_FAILURE(go_through("expand"));
  // Rows that the sync trigger fills, for writers of every kind.
  const std::string written =
      "INSERT INTO t (id, at, txt, b, f, i, m, back) SELECT id + 10, at, txt,"
      " b, f, i, m, back FROM t WHERE id <= 3;";
  control.exec(written);
  database_.exec(hostile + written);
  ASSERT_NO_FATAL_FAILURE(go_through("verify"));
  control.exec(plain);
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one(values), control.query_one(values).value_or(""));
  EXPECT_EQ(one(definitions), control.query_one(definitions).value_or(""));
}

INSTANTIATE_TEST_SUITE_P(
    ZonesAndStyles,
    SessionSettings,
    ::testing::Combine(
        ::testing::Values("UTC",
                          "Europe/Berlin",
                          "America/New_York",
                          "Asia/Kolkata",
                          "Pacific/Chatham"),
        ::testing::Values("ISO, MDY", "ISO, DMY", "German, DMY", "SQL, MDY")));

using SettingsOfThisMachine = CarryTest;

TEST_F(SettingsOfThisMachine, AreWarnedOf) {
  set_up("CREATE TABLE t (id int PRIMARY KEY)");
  write_migration("  - add_column: {table: t, column: a, type: int}\n");
  line_.variables["PGOPTIONS"] = "-c TimeZone=Asia/Tokyo";
  line_.variables["PGEXPAND_DSN"] =
      database_.dsn() + " options='-c TimeZone=Asia/Tokyo'";
  EXPECT_EQ(run({"plan"}), 0) << line_.err;
  EXPECT_THAT(line_.err, HasSubstr("TimeZone = Asia/Tokyo comes from this"));
}

// What an expression depends on is in the plan, and stays as it was there.
TEST_F(SettingsOfThisMachine, OfAStartedMigrationAreThoseOfItsPlan) {
  set_up(
      "CREATE TABLE t (id int PRIMARY KEY, at timestamp);"
      "INSERT INTO t VALUES (1, '2026-01-01 00:00'), (2, '2026-07-01 00:00');"
      "ALTER DATABASE " +
      database_.name() + " SET TimeZone = 'Europe/Berlin'");
  write_migration(
      "  - alter_column: {table: t, column: at, type: timestamptz}\n");
  ASSERT_NO_FATAL_FAILURE(go_through("expand"));
  set_up("ALTER DATABASE " + database_.name() + " SET TimeZone = 'Asia/Tokyo'");
  ASSERT_NO_FATAL_FAILURE(go_through("contract"));
  EXPECT_EQ(one("SELECT string_agg((at AT TIME ZONE 'UTC')::text, ' '"
                " ORDER BY id) FROM t"),
            "2025-12-31 23:00:00 2026-06-30 22:00:00");
}

}  // namespace
}  // namespace pgexpand::testing
