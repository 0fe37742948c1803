// What a spec may not say: refused before anything changes, with its place.
#include "integration/flow.hpp"

#include <array>

namespace pgexpand::testing {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* spec = "migrations/1_hostile.yaml";

class HostileSpec : public Flow {
 protected:
  HostileSpec() {
    database_.exec(
        "CREATE TABLE t (id bigint PRIMARY KEY, x integer, s text);"
        "INSERT INTO t SELECT n, n, 'row ' || n FROM generate_series(1, 50) n;"
        "CREATE TABLE other (id bigint PRIMARY KEY);"
        "CREATE FUNCTION reads_rows(bigint) RETURNS bigint STABLE"
        " LANGUAGE sql AS 'SELECT count(*) FROM public.t WHERE id = $1';"
        "CREATE FUNCTION writes(bigint) RETURNS bigint VOLATILE"
        " LANGUAGE sql AS 'DELETE FROM public.t RETURNING id';");
    before_ = dump();
  }

  /// `place` is line:column, empty for the file as a whole.
  void expect_refused(const std::string& place) {
    EXPECT_THAT(run({"apply"}), AnyOf(2, 7)) << line_.err;
    EXPECT_THAT(line_.err, HasSubstr("--> migrations/1_hostile.yaml" +
                                     (place.empty() ? "" : ":" + place)));
    EXPECT_THAT(line_.err, Not(HasSubstr("internal")));
  }

  void expect_untouched() {
    EXPECT_EQ(dump(), before_);
    EXPECT_EQ(one("SELECT count(*) FROM t"), "50");
    EXPECT_EQ(one("SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid"
                  " = pronamespace WHERE nspname = 'pgexpand'"),
              "0");
    if (one("SELECT to_regclass('pgexpand.migration')") != "NULL") {
      EXPECT_EQ(one("SELECT count(*) FROM pgexpand.migration"), "0");
    }
  }

  std::string before_;
};

constexpr std::array expressions{"a) from pg_authid where (true",
                                 "x) FROM pg_authid WHERE (true",
                                 "1; drop table t",
                                 "1); drop table t; --",
                                 "x, s",
                                 "(select 1)",
                                 "exists (select from t)",
                                 "array(select 1)",
                                 "random()",
                                 "nextval('pg_class')",
                                 "writes(id)",
                                 "reads_rows(id)",
                                 "count(*)",
                                 "sum(x)",
                                 "sum(x) over ()",
                                 "now()",
                                 "current_timestamp",
                                 "clock_timestamp()::text::bigint",
                                 "current_user",
                                 "current_setting('port')::bigint",
                                 "generate_series(1,2)",
                                 "unnest(array[1])",
                                 "no_such_column",
                                 "other.id",
                                 "no_such_function(x)",
                                 "x::no_such_type",
                                 "$1",
                                 "*",
                                 "t.*",
                                 "t",
                                 "default",
                                 "",
                                 "-- nothing",
                                 "x /* open"};

TEST_F(HostileSpec, NoSuchExpressionIsTakenAsUp) {
  for (const std::string text : expressions) {
    SCOPED_TRACE(text);
    write_spec(
        "1_hostile", "add_column",
        {"table: t", "column: y", "type: bigint", "up: " + yaml_quoted(text)});
    expect_refused("6:11");
  }
  expect_untouched();
}

TEST_F(HostileSpec, NoSuchExpressionGeneratesAColumn) {
  for (const std::string text : expressions) {
    SCOPED_TRACE(text);
    write_spec("1_hostile", "add_column",
               {"table: t", "column: y", "type: bigint",
                "generated: " + yaml_quoted(text)});
    expect_refused("6:18");
  }
  expect_untouched();
}

TEST_F(HostileSpec, NoSuchExpressionIsTakenAsWhere) {
  for (const std::string text : expressions) {
    SCOPED_TRACE(text);
    write_spec("1_hostile", "backfill",
               {"table: t", "set: {x: \"7\"}", "where: " + yaml_quoted(text)});
    expect_refused("5:14");
  }
  expect_untouched();
}

TEST_F(HostileSpec, NoSuchExpressionIsIndexed) {
  for (const std::string text : expressions) {
    SCOPED_TRACE(text);
    write_spec("1_hostile", "create_index",
               {"table: t", "name: t_hostile",
                "columns:", "  - expression: " + yaml_quoted(text)});
    expect_refused("6:23");
  }
  expect_untouched();
}

// `ctid`, `xmin` and the like have no lasting meaning.
TEST_F(HostileSpec, AnUpThatReadsASystemColumnIsRefused) {
  for (const std::string column : {"ctid", "xmin", "tableoid"}) {
    write_spec(
        "1_hostile", "add_column",
        {"table: t", "column: y", "type: text", "up: " + column + "::text"});
    expect_refused("6:11");
  }
}

TEST_F(HostileSpec, AnUpOfAnotherTypeIsRefused) {
  write_spec("1_hostile", "add_column",
             {"table: t", "column: y", "type: bigint", "up: s"});
  expect_refused("6:11");
}

TEST_F(HostileSpec, AnUpThatFailsOnEverySampledRowIsAClosedGate) {
  write_spec("1_hostile", "add_column",
             {"table: t", "column: y", "type: bigint", "up: 1 / (x - x)"});
  expect_refused("6:11");
  EXPECT_EQ(run({"apply"}), 7);
}

constexpr std::array types{"no_such_type",
                           "no_such_schema.text",
                           "text, z text",
                           "text; drop table t",
                           "text default now()",
                           "text) from pg_authid where (true",
                           "text not null",
                           "text references other",
                           "text collate \"C\"",
                           "varchar(-1)",
                           "varchar(99999999999)",
                           "setof text",
                           "anyelement",
                           "record",
                           "trigger",
                           "serial",
                           "t.id%type",
                           "",
                           "1"};

TEST_F(HostileSpec, NoSuchTypeIsTaken) {
  for (const std::string text : types) {
    SCOPED_TRACE(text);
    write_spec("1_hostile", "add_column",
               {"table: t", "column: y", "type: " + yaml_quoted(text)});
    expect_refused("5:13");
  }
  expect_untouched();
}

struct File {
  const char* name;
  std::string text;
  const char* place;
  const char* code;
};

std::string operation(const std::string& fields) {
  return "operations:\n  - add_column: {" + fields + "}\n";
}

const std::string good = "table: t, column: y, type: text";

std::vector<File> wrong_fields() {
  return {
      {"UnknownOperation", "operations:\n  - drop_database: {table: t}\n",
       "2:5", "spec.unknown-operation"},
      {"UnknownField", operation(good + ", colour: red"), "2:51",
       "spec.unknown-field"},
      {"UnknownTopLevel", operation(good) + "operation: x\n", "3:1",
       "spec.unknown-field"},
      {"FieldInCapitals", operation("Table: t, column: y, type: text"), "2:18",
       "spec.unknown-field"},
      {"DuplicateKey", operation(good + ", table: other"), "2:51",
       "spec.duplicate-key"},
      {"MissingField", operation("table: t, column: y"), "2:17",
       "spec.missing-field"},
      {"MissingOperations", "description: nothing\n", "1:1",
       "spec.missing-field"},
      {"NoOperation", "operations: []\n", "1:13", "spec.empty-list"},
      {"WrongType", operation("table: [t], column: y, type: text"), "2:25",
       "spec.wrong-type"},
      {"WordForBoolean", operation(good + ", nullable: no"), "2:61",
       "spec.wrong-type"},
      {"PlainNull", operation(good + ", up: null"), "2:55", "spec.null-value"},
      {"Nothing", operation(good + ", up: "), "2:55", "spec.null-value"},
  };
}

std::vector<File> wrong_yaml() {
  const std::string deep =
      "operations: " + std::string(40, '[') + std::string(40, ']');
  return {
      {"SecondDocument", operation(good) + "---\n" + operation(good), "3:1",
       "spec.second-document"},
      {"Anchor", operation("table: &a t, column: y, type: text"), "2:25",
       "spec.anchor"},
      {"Alias", operation("table: *a, column: y, type: text"), "2:25",
       "spec.alias"},
      {"MergeKey", operation("<<: {table: t}, column: y, type: text"), "2:18",
       "spec.merge-key"},
      {"Tag", operation("table: !!str t, column: y, type: text"), "2:25",
       "spec.tag"},
      {"LocalTag", operation("table: !exec t, column: y, type: text"), "2:25",
       "spec.tag"},
      {"BadUtf8", operation(good + ", comment: \xff\xfe"), "2:60",
       "spec.invalid-utf8"},
      {"Nul", operation(good) + std::string("#\0\n", 3), "3:2", "spec.nul"},
      {"EscapedNul", operation(good + ", comment: \"\\0\""), "2:60",
       "spec.nul"},
      {"TooLarge", operation(good) + "#" + std::string(1024 * 1024, 'x'), "",
       "spec.too-large"},
      {"TooDeep", deep, "1:44", "spec.too-deep"},
      {"OpenQuote", operation("table: \"t, column: y, type: text"), "2:25",
       "spec.yaml-syntax"},
  };
}

std::vector<File> wrong_meaning() {
  return {
      {"UnknownTable", operation("table: nowhere, column: y, type: text"),
       "2:25", "catalog.unknown-table"},
      {"ForeignSchema", operation("table: nowhere.t, column: y, type: text"),
       "2:25", "catalog.unknown-table"},
      {"QuotesInAName",
       operation("table: 't\"; drop table t; --', column: y, type: text"),
       "2:25", "spec.bad-identifier"},
      {"LongName",
       operation("table: t, type: text, column: " + std::string(64, 'n')),
       "2:48", "spec.bad-identifier"},
      {"EmptyName", operation("table: t, column: '', type: text"), "2:36",
       "spec.bad-identifier"},
      {"ColumnThatExists", operation("table: t, column: x, type: text"), "2:17",
       "catalog.column-exists"},
      {"SystemColumn", operation("table: t, column: ctid, type: text"), "2:17",
       "column.system-name"},
      {"SystemTable",
       operation("table: pg_catalog.pg_class, column: y, type: text"), "2:17",
       "table.system"},
      {"UnknownException", operation(good + ", allow: [everything]"), "2:58",
       "spec.unknown-exception"},
      {"UnknownSetting", "settings: {hold: 1s}\n" + operation(good), "1:12",
       "spec.unknown-setting"},
      {"BareNumber", "settings: {backfill: {pause: 50}}\n" + operation(good),
       "1:30", "spec.bad-setting"},
      {"DependsOnItself", "depends_on: [1_hostile]\n" + operation(good), "1:14",
       "spec.dependency-cycle"},
      {"DependsOnNothing", "depends_on: [0_none]\n" + operation(good), "1:14",
       "spec.unknown-dependency"},
      {"TransactionControl",
       "operations:\n  - sql: {expand: 'commit; drop table t'}\n", "2:19",
       "sql.transaction-control"},
      {"SetWithoutLocal",
       "operations:\n  - sql: {expand: 'set role postgres'}\n", "2:19",
       "sql.set-without-local"},
  };
}

TEST_F(HostileSpec, NoSuchFileIsTaken) {
  for (const auto& files : {wrong_fields(), wrong_yaml(), wrong_meaning()}) {
    for (const File& file : files) {
      SCOPED_TRACE(file.name);
      line_.write(spec, file.text);
      expect_refused(file.place);
      EXPECT_EQ(run({"apply"}), 2);
      EXPECT_THAT(line_.err, HasSubstr("[" + std::string(file.code) + "]"));
    }
  }
  expect_untouched();
}

TEST_F(HostileSpec, EveryFindingOfAFileIsNamedAtOnce) {
  line_.write(spec,
              "operations:\n"
              "  - add_column: {table: t, colum: y, type: text}\n"
              "  - add_column: {table: t, column: z, type: 'text;'}\n"
              "  - no_such: {table: t}\n");
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("did you mean \"column\"?"));
  EXPECT_THAT(line_.err, HasSubstr("1_hostile.yaml:2:28"));
  EXPECT_THAT(line_.err, HasSubstr("1_hostile.yaml:3:45"));
  EXPECT_THAT(line_.err, HasSubstr("1_hostile.yaml:4:5"));
  expect_untouched();
}

TEST_F(HostileSpec, EveryUnknownColumnOfAMigrationIsNamedAtOnce) {
  line_.write(spec,
              "operations:\n"
              "  - add_column: {table: t, column: y, type: text, up: a}\n"
              "  - add_column: {table: t, column: z, type: text, up: b}\n");
  EXPECT_EQ(run({"apply"}), 2);
  EXPECT_THAT(line_.err, HasSubstr("1_hostile.yaml:2:55"));
  EXPECT_THAT(line_.err, HasSubstr("1_hostile.yaml:3:55"));
  expect_untouched();
}

TEST_F(HostileSpec, AFileOfAnotherNameInTheFolderIsAFinding) {
  for (const std::string name : {"Big.yaml", "a-b.yaml", "x.yml", "_a.yaml"}) {
    line_.write("migrations/" + name, operation("table: t, column: y, "
                                                "type: text"));
    EXPECT_EQ(run({"apply"}), 2) << name;
    EXPECT_THAT(line_.err, HasSubstr("migrations/" + name));
    line_.remove("migrations/" + name);
  }
  EXPECT_EQ(dump(), before_);
}

}  // namespace
}  // namespace pgexpand::testing
