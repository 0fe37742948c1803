#include "integration/restored_fixture.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <thread>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr int rows = 1'200;

constexpr const char* tables = R"(
CREATE TABLE orders (
  id bigint PRIMARY KEY, amount integer NOT NULL, note text, total text,
  status varchar(9) NOT NULL DEFAULT 'new',
  CONSTRAINT orders_status CHECK (status IN ('new', 'paid')),
  CONSTRAINT orders_amount CHECK (amount >= 0),
  CONSTRAINT orders_total UNIQUE (total));
CREATE INDEX orders_note ON orders (note) WHERE status IN ('new', 'paid');
)";

/// Everything of the table that is not the order of its columns.
constexpr const char* catalog_query = R"(
SELECT string_agg(line, E'\n' ORDER BY line) FROM (
  SELECT format('column %s %s %s %s', attname,
                format_type(atttypid, atttypmod), attnotnull,
                pg_get_expr(adbin, adrelid))
  FROM pg_attribute LEFT JOIN pg_attrdef
    ON adrelid = attrelid AND adnum = attnum
  WHERE attrelid = 'public.orders'::regclass AND attnum > 0
    AND NOT attisdropped
  UNION ALL
  SELECT format('constraint %s %s %s', conname, pg_get_constraintdef(oid),
                convalidated)
  FROM pg_constraint WHERE conrelid = 'public.orders'::regclass
    AND contype <> 'n'
  UNION ALL
  SELECT format('index %s %s', indisvalid, pg_get_indexdef(indexrelid))
  FROM pg_index WHERE indrelid = 'public.orders'::regclass
  UNION ALL
  SELECT format('trigger %s', tgname) FROM pg_trigger
  WHERE tgrelid = 'public.orders'::regclass AND NOT tgisinternal
) AS lines (line))";

std::string insert_row(const std::string& table,
                       const std::string& note,
                       int id) {
  return fmt::format(
      "INSERT INTO {0} (id, amount, {1}, total) VALUES ({2}, {2}, 'n{2}',"
      " 't{2}'); UPDATE {0} SET amount = amount + 1, {1} = 'changed',"
      " status = 'paid' WHERE id % 100 = {2} % 100; DELETE FROM {0} WHERE id ="
      " {2} % 100 + 1;",
      table, note, id);
}

}  // namespace

void dump_into(const std::string& file,
               const std::string& dsn,
               const Arguments& options) {
  Arguments command{server_program("pg_dump"), "--format=custom",
                    "--file=" + file, "--dbname=" + dsn};
  command.insert(command.end(), options.begin(), options.end());
  const auto done = run_process(command);
  if (done.exit_code != 0) throw std::runtime_error(done.err);
}

void restore(const std::string& file,
             const std::string& dsn,
             const Arguments& options) {
  Arguments command{server_program("pg_restore"), "--dbname=" + dsn};
  command.insert(command.end(), options.begin(), options.end());
  command.push_back(file);
  const auto done = run_process(command);
  if (done.exit_code != 0) throw std::runtime_error(done.err);
}

std::string old_writes(int id) { return insert_row("orders", "note", id); }
std::string new_writes(const std::string& table, int id) {
  return insert_row(table, "remark", id);
}

void PrintTo(const Stop& each, std::ostream* out) {
  *out << each.mode << " " << each.phase;
}
std::vector<Stop> all_stops() {
  std::vector<Stop> stops;
  for (const char* mode : {"none", "views"}) {
    for (const char* phase :
         {"expand", "fill", "backfill", "verify", "switch"}) {
      stops.push_back({mode, phase});
    }
  }
  return stops;
}
std::string name_of(const ::testing::TestParamInfo<Stop>& each) {
  return each.param.mode + "_" + each.param.phase;
}

void Restored::prepare(const std::string& mode) {
  mode_ = mode;
  fill(database_);
  line_.write(
      "pgexpand.yaml",
      fmt::format("versions: {}\ncolumn_order: free\nlock: {{hold: 20s}}\n",
                  mode));
  line_.write("migrations/1_change.yaml",
              "operations:\n"
              "  - alter_column: {table: orders, column: amount,"
              " type: bigint}\n"
              "  - rename_column: {table: orders, from: note, to: remark}\n"
              "  - alter_column: {table: orders, column: total, type:"
              " varchar(40)}\n");
}

void Restored::fill(const TestDatabase& database) {
  database.exec(std::string(tables) +
                fmt::format("INSERT INTO orders SELECT g, g, 'note ' || g,"
                            " 'total ' || g, 'new' FROM"
                            " generate_series(1, {}) AS g",
                            rows));
}

void Restored::go_to(const std::string& phase) {
  ASSERT_EQ(run({"apply", "1_change", "--through", "expand"}), 0) << line_.err;
  database_.exec(old_writes(5'001));
  if (phase == "fill") {
    auto apply = spawn_fill();
    apply.kill();
    EXPECT_EQ(one("SELECT bool_and(done) FROM pgexpand.progress"), "f");
  } else if (phase != "expand") {
    ASSERT_EQ(run({"apply", "1_change", "--through", phase}), 0) << line_.err;
  }
}

Process Restored::spawn_fill() {
  auto apply = database_.spawn_pgexpand(
      {"apply", "1_change", "--through", "backfill", "--dir",
       (line_.folder() / "migrations").string(), "--config",
       (line_.folder() / "pgexpand.yaml").string(), "--batch-rows", "100",
       "--pause", "200ms"});
  while (apply.is_running() &&
         one("SELECT coalesce(sum(rows), 0) >= 100 FROM pgexpand.progress") !=
             "t") {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  EXPECT_TRUE(apply.is_running()) << apply.err();
  return apply;
}

void Restored::move_to_a_copy(const Arguments& dump_options) {
  dump_into(dump_file(), database_.dsn(), dump_options);
  restore(dump_file(), copy_.dsn());
  line_.variables["PGEXPAND_DSN"] = copy_.dsn();
}

void Restored::make_control(const std::string& sql) {
  const TestDatabase plain;
  fill(plain);
  plain.exec(sql);
  dump_into(dump_file(), plain.dsn());
  restore(dump_file(), control_.dsn());
}

void Restored::expect_as_control(const std::string& columns) {
  const std::string rows_query = fmt::format(
      "SELECT string_agg(ROW({})::text, E'\\n' ORDER BY id) FROM"
      " public.orders",
      columns);
  for (const std::string& query : {rows_query, std::string(catalog_query)}) {
    EXPECT_EQ(copy_.query_one(query).value_or(""),
              control_.query_one(query).value_or(""));
  }
}

// Not the names of an index's columns: pg_restore makes an index under the
// names that its table has in the dump, and PostgreSQL shows them nowhere.
void Restored::expect_nothing_left() {
  EXPECT_THAT(schema_dump(copy_.dsn()), Not(HasSubstr("pgexpand")));
  EXPECT_EQ(copy_.query_one("SELECT count(*) FROM pg_proc WHERE proname LIKE"
                            " 'sync\\_%'"),
            "0");
  EXPECT_EQ(copy_.query_one("SELECT count(*) FROM pgexpand.quarantine"), "0");
}

std::string Restored::new_table() const {
  return mode_ == "views" ? "public_1_change.orders" : "orders";
}

}  // namespace pgexpand::testing
