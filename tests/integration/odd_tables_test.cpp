// Tables that other tools trip over: odd keys, odd names.
#include "integration/flow.hpp"

#include <fmt/format.h>

#include <functional>
#include <ostream>

namespace pgexpand::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A table of a key, a text and a number; names as they stand.
struct OddTable {
  const char* name;
  std::string schema = "public";
  std::string table = "items";
  std::string text = "status";
  std::string number = "amount";
  std::string added = "added";
  std::string renamed = "renamed";
  std::string key = "id bigint PRIMARY KEY";  ///< As in CREATE TABLE.
  std::string key_columns = "id, ";           ///< For INSERT.
  std::string key_values = "g, ";             ///< Made of the number g.
};

void PrintTo(const OddTable& table, std::ostream* out) { *out << table.name; }

std::string long_name(char letter) { return std::string(63, letter); }

std::vector<OddTable> odd_tables() {
  OddTable composite{.name = "CompositeKey"};
  composite.key = "a integer, b text, PRIMARY KEY (b, a)";
  composite.key_columns = "a, b, ";
  composite.key_values = "g, 'b' || g, ";
  OddTable bytea{.name = "ByteaKey"};
  bytea.key = "k bytea PRIMARY KEY";
  bytea.key_columns = "k, ";
  bytea.key_values = "pg_catalog.decode(md5(g::text), 'hex'), ";
  OddTable identity{.name = "IdentityAlways"};
  identity.key = "id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY";
  identity.key_columns = identity.key_values = "";
  OddTable no_key{.name = "NoKey"};
  no_key.key = "filler integer";
  no_key.key_columns = no_key.key_values = "";
  return {
      composite,
      bytea,
      identity,
      no_key,
      {"Spaces", "my schema", "order items", "the status", "a number",
       "added to it", "now called so"},
      {"Quotes", "a\"b", "it's \"x\"", "c\"q'", "n'\"", "\"", "'"},
      {"Umlauts", "größe", "Straße", "übergröße", "zähler", "naïve", "ñ"},
      {"Keywords", "select", "table", "order", "user", "primary", "default"},
      {"LongNames", long_name('s'), long_name('t'), long_name('c'),
       long_name('n'), long_name('a'), long_name('r')},
      {"TriggerWords", "public", "t", "new", "old", "tg_op", "tg_argv"},
      {"OurWords", "public", "src", "search_path", "t", "src", "record"},
      {"OurVariables", "public", "free", "pgexpand_row", "pgexpand_rows",
       "pgexpand_bad", "pgexpand_value"},
      {"Patterns", "a.b", "c.d", "%s $1 {}", "$$ \\ \\n", "{0}:", "a\tb"}};
}

class OddTables : public Flow, public ::testing::WithParamInterface<OddTable> {
 protected:
  OddTables() {
    const OddTable& odd = GetParam();
    database_.exec(fmt::format(
        "CREATE SCHEMA IF NOT EXISTS {}; CREATE TABLE {} ({}, {} text,"
        " {} integer UNIQUE);",
        q(odd.schema), table_, odd.key, q(odd.text), q(odd.number)));
    insert(odd.text, "CASE WHEN g % 10 > 0 THEN 'v' || g END", 1, 60);
  }

  static std::string q(const std::string& name) {
    return sql::Identifier(name).quoted();
  }
  static std::string yaml_name(const std::string& name) {
    std::string quoted = "\"";
    for (const char byte : name)
      quoted += std::string(byte == '"' ? 2 : 1, byte);
    return yaml_quoted(quoted + "\"");
  }
  static std::string yaml_table() {
    return "table: " +
           yaml_quoted(q(GetParam().schema) + "." + q(GetParam().table));
  }

  /// Rows first..last: `value` in `column`, each number in the number column.
  void insert(const std::string& column,
              const std::string& value,
              int first,
              int last) {
    const OddTable& odd = GetParam();
    database_.query(
        fmt::format("INSERT INTO {} ({}{}, {}) SELECT {}{}, g FROM"
                    " generate_series({}, {}) AS g",
                    table_, odd.key_columns, q(column), q(odd.number),
                    odd.key_values, value, first, last));
  }
  void update(const std::string& column, const std::string& value, int row) {
    database_.query(fmt::format("UPDATE {} SET {} = {} WHERE {} = {}", table_,
                                q(column), value, q(GetParam().number), row));
  }
  std::string value(const std::string& column, int row) {
    return one(fmt::format("SELECT {}::text FROM {} WHERE {} = {}", q(column),
                           table_, q(GetParam().number), row));
  }
  std::string count(const std::string& condition) {
    return one(
        fmt::format("SELECT count(*) FROM {} WHERE {}", table_, condition));
  }

  void expect_ok(const std::vector<std::string>& words) {
    ASSERT_EQ(run(words), 0) << line_.err << line_.out;
  }

  /// There and back, then to the end, with writes of an application at each
  /// stop; `old_write` writes to `row` as today's code does.
  void take_through(const std::string& id,
                    const std::function<void(int row)>& old_write,
                    const std::function<void(int row)>& new_write) {
    const std::string before = dump();
    expect_ok({"apply", "--through", "verify"});
    old_write(7);
    expect_ok({"rollback", id});
    EXPECT_EQ(dump(), before);
    expect_ok({"apply", "--through", "switch"});
    new_write(8);
    expect_ok({"verify", id});
    expect_ok({"contract"});
    EXPECT_THAT(dump(), Not(HasSubstr("~pgexpand")));
    EXPECT_THAT(dump(), Not(HasSubstr("pgexpand_not_null")));
    EXPECT_THAT(dump(), Not(HasSubstr("pgexpand_old")));
  }

  std::string table_ = q(GetParam().schema) + "." + q(GetParam().table);
};

TEST_P(OddTables, GainAColumn) {
  const OddTable& odd = GetParam();
  write_spec("1_add", "add_column",
             {yaml_table(), "column: " + yaml_name(odd.added), "type: text",
              "up: " + yaml_quoted("upper(" + q(odd.text) + ")")});
  take_through(
      "1_add",
      [&](int row) {
        update(odd.text, "'old shape'", row);
        insert(odd.text, "'more'", 100, 110);
      },
      [&](int row) {
        update(odd.text, "'by old code'", row);
        insert(odd.text, "'and more'", 200, 210);
        insert(odd.added, "'GIVEN'", 300, 300);
      });
  EXPECT_EQ(value(odd.text, 7), "old shape");
  EXPECT_EQ(value(odd.added, 8), "BY OLD CODE");
  EXPECT_EQ(value(odd.added, 300), "GIVEN");
  EXPECT_EQ(count("true"), "83");
  EXPECT_EQ(count(fmt::format("{} IS DISTINCT FROM upper({}) AND {} <> 300",
                              q(odd.added), q(odd.text), q(odd.number))),
            "0");
}

TEST_P(OddTables, RenameAColumn) {
  const OddTable& odd = GetParam();
  database_.exec(
      fmt::format("CREATE TABLE copy AS SELECT {} AS g, {} AS v"
                  " FROM {}",
                  q(odd.number), q(odd.text), table_));
  write_spec("1_rename", "rename_column",
             {yaml_table(), "from: " + yaml_name(odd.text),
              "to: " + yaml_name(odd.renamed)});
  take_through(
      "1_rename", [&](int row) { update(odd.text, "'old shape'", row); },
      [&](int row) {
        update(odd.text, "'by old code'", row);
        update(odd.renamed, "'by new code'", 9);
        insert(odd.renamed, "'inserted'", 300, 300);
        EXPECT_EQ(value(odd.renamed, row), "by old code");
        EXPECT_EQ(value(odd.text, 9), "by new code");
        EXPECT_EQ(value(odd.text, 300), "inserted");
      });
  EXPECT_EQ(value(odd.renamed, 7), "old shape");
  EXPECT_EQ(one(fmt::format("SELECT count(*) FROM copy JOIN {} ON {} = g"
                            " WHERE g NOT IN (7, 8, 9)"
                            " AND {} IS DISTINCT FROM v",
                            table_, q(odd.number), q(odd.renamed))),
            "0");
}

TEST_P(OddTables, ChangeAType) {
  const OddTable& odd = GetParam();
  write_spec(
      "1_type", "alter_column",
      {yaml_table(), "column: " + yaml_name(odd.number), "type: bigint"});
  take_through(
      "1_type", [&](int row) { update(odd.number, "-7", row); },
      [&](int row) {
        update(odd.number, "-8", row);
        insert(odd.text, "'inserted'", 300, 300);
      });
  EXPECT_EQ(count(fmt::format("{} IN (-7, -8, 300)", q(odd.number))), "3");
  EXPECT_EQ(one(fmt::format("SELECT sum({}) FROM {}", q(odd.number), table_)),
            "2100");
  EXPECT_EQ(one(fmt::format("SELECT pg_typeof({}) FROM {} LIMIT 1",
                            q(odd.number), table_)),
            "bigint");
}

TEST_P(OddTables, ForbidNull) {
  const OddTable& odd = GetParam();
  write_spec("1_null", "set_not_null",
             {yaml_table(), "column: " + yaml_name(odd.text), "up: \"'gap'\""});
  take_through(
      "1_null", [&](int row) { update(odd.text, "NULL", row); },
      [&](int row) {
        update(odd.text, "NULL", row);
        insert(odd.text, "NULL", 300, 300);
      });
  EXPECT_EQ(count(q(odd.text) + " = 'gap'"), "9");
  EXPECT_EQ(value(odd.text, 9), "v9");
  EXPECT_THROW(update(odd.text, "NULL", 1), Error);
}

INSTANTIATE_TEST_SUITE_P(All,
                         OddTables,
                         ::testing::ValuesIn(odd_tables()),
                         [](const auto& test) {
                           return std::string(test.param.name);
                         });

}  // namespace
}  // namespace pgexpand::testing
