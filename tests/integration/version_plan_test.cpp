// One migration of each kind in views mode, write by write: what the tables'
// code and the new version's code see of one another, there, back, there again
// and at the end.
#include "flow.hpp"

#include <fmt/format.h>

#include <ostream>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// What one side writes and what both then see of the row.
struct Write {
  std::string sql;
  std::string old_row, new_row;
};

struct Change {
  std::string name;
  std::string operations;
  std::string plain;  ///< The same without pgexpand, for the end.
  std::string old_columns, new_columns;
  std::vector<Write> by_old, by_new;
};
void PrintTo(const Change& change, std::ostream* out) { *out << change.name; }

class VersionPlan : public Flow, public ::testing::WithParamInterface<Change> {
 protected:
  static constexpr const char* setup =
      "CREATE TABLE orders (id integer PRIMARY KEY, status text NOT NULL"
      " DEFAULT 's1', note text, total integer);"
      "CREATE INDEX orders_status_idx ON orders (status);"
      "INSERT INTO orders SELECT g, 's' || g, 'n' || g, g"
      " FROM generate_series(1, 50) AS g";

  VersionPlan() {
    database_.exec(setup);
    line_.write("pgexpand.yaml", "versions: views\n");
  }

  void apply(const std::string& operations) {
    line_.write("migrations/1_change.yaml", "operations:\n" + operations);
    ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  }
  /// Runs a statement as code with that search_path.
  void write(const std::string& search_path, const std::string& sql) {
    database_.query("SET search_path = " + search_path);
    database_.query(sql);
    database_.query("RESET search_path");
  }
  std::string row(const std::string& relation, const std::string& columns) {
    return one(fmt::format("SELECT ROW({})::text FROM {} WHERE id = 1000",
                           columns, relation));
  }

  void all_agree(const std::string& search_path,
                 const std::vector<Write>& writes) {
    for (const Write& each : writes) {
      write(search_path, each.sql);
      EXPECT_EQ(row("public.orders", GetParam().old_columns), each.old_row)
          << each.sql;
      EXPECT_EQ(row("public_1_change.orders", GetParam().new_columns),
                each.new_row)
          << each.sql;
    }
    database_.query("DELETE FROM public_1_change.orders WHERE id = 1000");
  }
};

TEST_P(VersionPlan, BothSidesSeeEachOthersWrites) {
  const Change& change = GetParam();
  const std::string start = dump();
  for (const bool is_last : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(apply(change.operations));
    all_agree("public", change.by_old);
    all_agree("public_1_change, public", change.by_new);
    all_agree("public", change.by_old);
    if (!is_last) {
      ASSERT_EQ(run({"rollback", "1_change"}), 0) << line_.err << line_.out;
      EXPECT_EQ(dump(), start);
    }
  }
  ASSERT_EQ(run({"contract", "1_change"}), 0) << line_.err << line_.out;
  for (const Write& each : change.by_new) {
    write("public_1_change, public", each.sql);
    EXPECT_EQ(row("public_1_change.orders", change.new_columns), each.new_row);
    EXPECT_EQ(row("public.orders", change.new_columns), each.new_row);
  }
  database_.query("DELETE FROM public_1_change.orders WHERE id = 1000");
  database_.exec("DROP SCHEMA public_1_change CASCADE");
  const std::string is = dump();
  database_.exec("DROP TABLE orders; " + std::string(setup) + ";" +
                 change.plain);
  EXPECT_EQ(is, dump());
}

std::vector<Change> changes() {
  return {
      {.name = "AlterColumn",
       .operations =
           "  - alter_column: {table: orders, column: status, type: integer,"
           " default: '7', up: 'substr(status, 2)::int', down: \"'s' ||"
           " status\"}\n",
       .plain = "ALTER TABLE orders ADD COLUMN s integer DEFAULT 7;"
                "UPDATE orders SET s = 0; ALTER TABLE orders DROP COLUMN"
                " status; ALTER TABLE orders RENAME s TO status; ALTER TABLE"
                " orders ALTER status SET NOT NULL;"
                "CREATE INDEX orders_status_idx ON orders (status)",
       .old_columns = "id, status",
       .new_columns = "id, status",
       .by_old = {{"INSERT INTO orders VALUES (1000, 's12')", "(1000,s12)",
                   "(1000,12)"},
                  {"UPDATE orders SET status = 's13' WHERE id = 1000",
                   "(1000,s13)", "(1000,13)"},
                  {"INSERT INTO orders (id) VALUES (1000) ON CONFLICT (id) DO"
                   " UPDATE SET status = EXCLUDED.status",
                   "(1000,s1)", "(1000,1)"}},
       .by_new = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,s7)",
                   "(1000,7)"},
                  {"UPDATE orders SET status = status + 1 WHERE id = 1000",
                   "(1000,s8)", "(1000,8)"},
                  {"UPDATE orders SET note = 'x' WHERE id = 1000", "(1000,s8)",
                   "(1000,8)"}}},
      {.name = "AlterColumnWithoutNotNull",
       .operations = "  - alter_column: {table: orders, column: note, type:"
                     " bytea, default: \"'\\\\x61'\", up: \"note::bytea\","
                     " down: \"convert_from(note, 'UTF8')\"}\n",
       .plain = "ALTER TABLE orders ADD COLUMN n bytea DEFAULT '\\x61', DROP"
                " COLUMN note; ALTER TABLE orders RENAME n TO note",
       .old_columns = "id, note",
       .new_columns = "id, convert_from(note, 'UTF8')",
       .by_old = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,)",
                   "(1000,)"},
                  {"UPDATE orders SET note = 'b' WHERE id = 1000", "(1000,b)",
                   "(1000,b)"}},
       .by_new = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,a)",
                   "(1000,a)"},
                  {"UPDATE orders SET note = NULL WHERE id = 1000", "(1000,)",
                   "(1000,)"}}},
      {.name = "Lossy",
       .operations =
           "  - alter_column: {table: orders, column: status, type: integer,"
           " default: '7', allow: [lossy], up: 'substr(status, 2)::int',"
           " down: \"CASE WHEN status < 100 THEN 's' || status END\"}\n"
           "  - alter_column: {table: orders, column: total, type: text, allow:"
           " [lossy], up: 'total::text', down: \"CASE WHEN total <> 'x' THEN"
           " total::int END\"}\n",
       .plain = "ALTER TABLE orders ADD COLUMN s integer DEFAULT 7, ADD COLUMN"
                " t text; UPDATE orders SET s = 0; ALTER TABLE orders DROP"
                " COLUMN status, DROP COLUMN total; ALTER TABLE orders RENAME"
                " s TO status; ALTER TABLE orders RENAME t TO total; ALTER"
                " TABLE orders ALTER status SET NOT NULL;"
                "CREATE INDEX orders_status_idx ON orders (status)",
       .old_columns = "id, status, total",
       .new_columns = "id, status, total",
       .by_old = {{"INSERT INTO orders VALUES (1000, 's12', 'n', 3)",
                   "(1000,s12,3)", "(1000,12,3)"}},
       .by_new = {{"INSERT INTO orders (id, total) VALUES (1000, 'x')",
                   "(1000,s7,)", "(1000,7,x)"},
                  {"UPDATE orders SET status = 100 WHERE id = 1000", "(1000,,)",
                   "(1000,100,x)"},
                  {"UPDATE orders SET status = 9, total = 4 WHERE id = 1000",
                   "(1000,s9,4)", "(1000,9,4)"}}},
      {.name = "RenameColumn",
       .operations = "  - rename_column: {table: orders, from: status, to:"
                     " state}\n",
       .plain = "ALTER TABLE orders RENAME status TO state",
       .old_columns = "id, status",
       .new_columns = "id, state",
       .by_old = {{"INSERT INTO orders VALUES (1000, 'a')", "(1000,a)",
                   "(1000,a)"}},
       .by_new = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,s1)",
                   "(1000,s1)"},
                  {"UPDATE orders SET state = 'b' WHERE id = 1000", "(1000,b)",
                   "(1000,b)"}}},
      {.name = "AddColumn",
       .operations = "  - add_column: {table: orders, column: size, type:"
                     " integer, up: 'total * 2', default: '3'}\n",
       .plain = "ALTER TABLE orders ADD COLUMN size integer DEFAULT 3",
       .old_columns = "id, total",
       .new_columns = "id, total, size",
       .by_old = {{"INSERT INTO orders (id, total) VALUES (1000, 4)",
                   "(1000,4)", "(1000,4,8)"},
                  {"UPDATE orders SET total = 5 WHERE id = 1000", "(1000,5)",
                   "(1000,5,10)"},
                  {"UPDATE orders SET total = NULL WHERE id = 1000", "(1000,)",
                   "(1000,,3)"}},
       .by_new = {{"INSERT INTO orders (id, total) VALUES (1000, 4)",
                   "(1000,4)", "(1000,4,3)"},
                  {"UPDATE orders SET size = NULL WHERE id = 1000", "(1000,4)",
                   "(1000,4,)"},
                  {"UPDATE orders SET total = 6 WHERE id = 1000", "(1000,6)",
                   "(1000,6,)"}}},
      {.name = "DropColumn",
       .operations = "  - drop_column: {table: orders, column: status, down:"
                     " \"'old'\"}\n",
       .plain = "ALTER TABLE orders DROP status",
       .old_columns = "id, status",
       .new_columns = "id, total",
       .by_old = {{"INSERT INTO orders VALUES (1000, 'a', 'b', 2)", "(1000,a)",
                   "(1000,2)"}},
       .by_new = {{"INSERT INTO orders (id, total) VALUES (1000, 3)",
                   "(1000,old)", "(1000,3)"}}},
      {.name = "Defaults",
       .operations =
           "  - alter_column: {table: orders, column: note, default: \"'-'\"}\n"
           "  - alter_column: {table: orders, column: total, default: '5'}\n",
       .plain = "ALTER TABLE orders ALTER note SET DEFAULT '-', ALTER total"
                " SET DEFAULT 5",
       .old_columns = "id, note, total",
       .new_columns = "id, note, total",
       .by_old = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,,)",
                   "(1000,,)"}},
       .by_new = {{"INSERT INTO orders (id) VALUES (1000)", "(1000,-,5)",
                   "(1000,-,5)"}}},
  };
}

INSTANTIATE_TEST_SUITE_P(Changes,
                         VersionPlan,
                         ::testing::ValuesIn(changes()),
                         [](const auto& change) { return change.param.name; });

class VersionPlans : public Flow {
 protected:
  VersionPlans() {
    database_.exec(
        "CREATE TABLE orders (id integer PRIMARY KEY, status varchar(20));"
        "INSERT INTO orders SELECT g, g FROM generate_series(1, 9) AS g");
    line_.write("pgexpand.yaml", "versions: views\n");
  }
};

TEST_F(VersionPlans, ViewsOfVersionsAreNoTablesAndNoDependents) {
  write_spec("1_first", "create_index", {"table: orders", "columns: [status]"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err;
  ASSERT_EQ(run({"contract"}), 0) << line_.err;
  write_spec("2_then", "alter_column",
             {"table: orders", "column: status", "type: varchar(50)"});
  line_.variables["PGEXPAND_DSN"] =
      database_.dsn() + " options=-csearch_path=public_1_first,public";
  ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  EXPECT_EQ(one("SELECT count(*) FROM public_1_first.orders"), "9");
  EXPECT_EQ(one("SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
                " WHERE attrelid = 'public_2_then.orders'::regclass AND"
                " attname = 'status'"),
            "character varying(50)");
  ASSERT_EQ(run({"contract"}), 0) << line_.err << line_.out;
  EXPECT_EQ(one("SELECT to_regnamespace('public_1_first')"), "NULL");
}

TEST_F(VersionPlans, WithoutVersionsNothingIsPlannedWhereOneIsPublished) {
  write_spec("1_first", "create_index", {"table: orders", "columns: [status]"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err;
  ASSERT_EQ(run({"contract"}), 0) << line_.err;
  line_.write("pgexpand.yaml", "versions: none\n");
  write_spec("2_then", "rename_column",
             {"table: orders", "from: status", "to: state"});
  EXPECT_EQ(run({"apply"}), 7);
  EXPECT_THAT(line_.err, HasSubstr("refused[versions.published]"));
  database_.exec("DROP SCHEMA public_1_first CASCADE");
  EXPECT_EQ(run({"apply"}), 0) << line_.err;
}

TEST_F(VersionPlans, AnotherMigrationsPublicationIsNoDrift) {
  database_.exec("CREATE TABLE bills (id integer PRIMARY KEY, n integer)");
  write_spec("1_first", "alter_column",
             {"table: orders", "column: status", "type: integer",
              "up: status::integer", "down: status::varchar(20)"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  write_spec("2_then", "alter_column",
             {"table: bills", "column: n", "type: bigint"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  EXPECT_EQ(run({"contract", "1_first"}), 0) << line_.err << line_.out;
  EXPECT_EQ(run({"contract", "2_then"}), 0) << line_.err << line_.out;
}

TEST_F(VersionPlans, NumbersComeFromOneSequenceUntilContractAndAfter) {
  database_.exec(
      "CREATE TABLE a (id serial PRIMARY KEY, n integer);"
      "CREATE TABLE b (id integer GENERATED ALWAYS AS IDENTITY, n integer)");
  line_.write("migrations/1_ids.yaml",
              "operations:\n"
              "  - alter_column: {table: a, column: id, type: bigint}\n"
              "  - alter_column: {table: b, column: id, type: bigint}\n");
  ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  int next = 0;
  const auto insert = [&](const std::string& schema) {
    for (const char* table : {"a", "b"}) {
      EXPECT_EQ(
          one(fmt::format("INSERT INTO {}.{} (n) VALUES (0) RETURNING id ="
                          " lastval() AND id = {}",
                          schema, table, next)),
          "t")
          << schema << "." << table;
    }
  };
  for (const char* path : {"public", "public_1_ids, public", "public"}) {
    ++next;
    database_.query(fmt::format("SET search_path = {}", path));
    insert(next == 2 ? "public_1_ids" : "public");
  }
  database_.query("RESET search_path");
  ASSERT_EQ(run({"contract"}), 0) << line_.err << line_.out;
  for (const char* schema : {"public", "public_1_ids"}) {
    ++next;
    insert(schema);
  }
}

TEST_F(VersionPlans, ATableGoesAtContractWithItsViews) {
  database_.exec("CREATE TABLE legacy (id integer)");
  write_spec("1_first", "create_index", {"table: orders", "columns: [status]"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err;
  ASSERT_EQ(run({"contract"}), 0) << line_.err;
  write_spec("2_then", "sql", {"contract: DROP TABLE legacy CASCADE"});
  ASSERT_EQ(run({"apply"}), 0) << line_.err << line_.out;
  EXPECT_EQ(one("SELECT to_regclass('public_2_then.legacy') IS NULL"), "f");
  ASSERT_EQ(run({"contract"}), 0) << line_.err << line_.out;
  EXPECT_EQ(one("SELECT to_regclass('public.legacy')"), "NULL");
  EXPECT_EQ(one("SELECT to_regclass('public_2_then.legacy')"), "NULL");
  EXPECT_EQ(one("SELECT to_regnamespace('public_1_first')"), "NULL");
  EXPECT_EQ(one("SELECT count(*) FROM public_2_then.orders"), "9");
}

TEST_F(VersionPlans, NameFunctionsThatDoWhatNoViewCan) {
  database_.exec(
      "CREATE FUNCTION empty() RETURNS void LANGUAGE plpgsql AS"
      " 'BEGIN TRUNCATE orders; END';"
      "CREATE FUNCTION empty_base() RETURNS void LANGUAGE plpgsql AS"
      " 'BEGIN TRUNCATE TABLE public.orders; END';"
      "CREATE FUNCTION empty_own() RETURNS void LANGUAGE plpgsql"
      " SET search_path = public AS 'BEGIN TRUNCATE orders; END';"
      "CREATE FUNCTION put(k integer) RETURNS void LANGUAGE sql AS"
      " 'INSERT INTO orders (id) VALUES (k)"
      " ON CONFLICT ON CONSTRAINT orders_pkey DO NOTHING'");
  write_spec("1_first", "create_index", {"table: orders", "columns: [status]"});
  ASSERT_EQ(run({"plan"}), 0) << line_.err;
  const std::string all = line_.out + line_.err;
  EXPECT_THAT(all, HasSubstr("empty() has TRUNCATE"));
  EXPECT_THAT(all, HasSubstr("put(integer) has ON CONFLICT ON CONSTRAINT"));
  EXPECT_THAT(all, Not(HasSubstr("empty_base")));
  EXPECT_THAT(all, Not(HasSubstr("empty_own")));
}

}  // namespace
}  // namespace pgexpand::testing
