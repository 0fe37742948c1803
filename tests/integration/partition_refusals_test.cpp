// What cannot be done with partitions and children yet is refused before
// anything runs.
#include "partitions_fixture.hpp"

#include <ostream>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;

struct Refused {
  const char* name;
  std::string setup;
  std::string operation;
  std::vector<std::string> fields;
  std::string code;
};

void PrintTo(const Refused& refused, std::ostream* out) {
  *out << refused.name;
}

std::vector<Refused> refusals() {
  const std::string on_amount = "CREATE INDEX by_amount ON orders (amount)";
  const std::vector<std::string> to_bigint{"table: orders", "column: amount",
                                           "type: bigint"};
  return {
      {"Index",
       "",
       "create_index",
       {"table: orders", "columns: [status]"},
       "table.partitioned"},
      {"IndexDrop",
       on_amount,
       "drop_index",
       {"index: by_amount"},
       "table.partitioned"},
      {"Unique",
       "",
       "add_column",
       {"table: orders", "column: u", "type: int", "unique: {}"},
       "table.partitioned"},
      {"ForeignKey",
       "CREATE TABLE far (id bigint PRIMARY KEY)",
       "add_column",
       {"table: orders", "column: u", "type: bigint",
        "references: {table: far}"},
       "table.partitioned"},
      {"Identity",
       "",
       "add_column",
       {"table: orders", "column: u", "type: bigint", "identity: always"},
       "table.partitioned"},
      {"RetypeOfIndexed", on_amount, "alter_column", to_bigint,
       "table.partitioned"},
      {"RetypeOfLocallyIndexed", "CREATE INDEX ON second (amount)",
       "alter_column", to_bigint, "column.has-dependents"},
      {"RetypeOfViewed", "CREATE VIEW v AS SELECT amount FROM third_even",
       "alter_column", to_bigint, "column.has-dependents"},
      {"RetypeOfKey",
       "",
       "alter_column",
       {"table: orders", "column: day", "type: bigint"},
       "column.partition-key"},
      {"FillOfKey",
       "",
       "backfill",
       {"table: orders", "set: {day: '5'}"},
       "column.partition-key"},
      {"DropOfSubKey",
       "CREATE TABLE a (n int, s text) PARTITION BY RANGE (n);"
       "CREATE TABLE b PARTITION OF a DEFAULT PARTITION BY LIST (s)",
       "drop_column",
       {"table: a", "column: s"},
       "column.partition-key"},
      {"RetypeOfWhatAForeignKeyOfItRefersTo",
       "CREATE TABLE far (id int PRIMARY KEY);"
       "INSERT INTO far SELECT generate_series(0, 99);"
       "ALTER TABLE orders ADD FOREIGN KEY (amount) REFERENCES far",
       "alter_column",
       {"table: far", "column: id", "type: bigint"},
       "column.has-dependents"},
      {"OneLeaf",
       "",
       "add_column",
       {"table: second", "column: u", "type: int"},
       "table.is-partition"},
      {"Inheritance",
       "CREATE TABLE a (n int); CREATE TABLE b () INHERITS (a)",
       "add_column",
       {"table: a", "column: u", "type: int", "up: n"},
       "table.inherits"},
      {"LocalTrigger",
       "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS"
       " 'BEGIN RETURN NEW; END';"
       "CREATE TRIGGER \"~z\" BEFORE INSERT ON third_even FOR EACH ROW"
       " EXECUTE FUNCTION f()",
       "add_column",
       {"table: orders", "column: u", "type: text", "up: status"},
       "table.trigger-sorts-last"},
      {"LocalDefault",
       "ALTER TABLE second ALTER amount SET DEFAULT 9",
       "alter_column",
       {"table: orders", "column: amount", "default: '5'"},
       "column.has-dependents"},
  };
}

class PartitionRefusals : public Partitions,
                          public ::testing::WithParamInterface<Refused> {};

TEST_P(PartitionRefusals, SayWhyAndChangeNothing) {
  if (!GetParam().setup.empty()) {
    database_.exec(GetParam().setup);
  }
  const std::string before = dump();
  write_spec("1_m", GetParam().operation, GetParam().fields);
  EXPECT_EQ(apply(), 7) << said();
  EXPECT_THAT(said(), HasSubstr(GetParam().code));
  EXPECT_EQ(dump(), before);
}

INSTANTIATE_TEST_SUITE_P(All,
                         PartitionRefusals,
                         ::testing::ValuesIn(refusals()),
                         [](const auto& test) { return test.param.name; });

}  // namespace
}  // namespace pgexpand::testing
