// Names in an index's keys mean what they mean in CREATE INDEX typed into the
// same database; the control is the definition that that leaves.
#include "integration/carry_fixture.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// Numbers from above, and a collation, in a schema.
std::string things_in(const std::string& schema) {
  return fmt::format(
      "CREATE SCHEMA {0};"
      "CREATE FUNCTION {0}.backwards(int, int) RETURNS int LANGUAGE sql"
      " IMMUTABLE STRICT AS 'SELECT pg_catalog.btint4cmp($2, $1)';"
      "CREATE OPERATOR CLASS {0}.backwards_ops FOR TYPE int USING btree AS"
      " OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <,"
      " FUNCTION 1 {0}.backwards(int, int);"
      "CREATE COLLATION {0}.plain (provider = libc, locale = 'C');"
      "CREATE COLLATION {0}.\"POSIX\" (provider = libc, locale = 'C');",
      schema);
}

constexpr const char* table =
    "CREATE TABLE public.t (id int PRIMARY KEY, n int, a text, v tsvector);"
    "INSERT INTO public.t SELECT g, g, 'text ' || g, to_tsvector('text ' || g)"
    " FROM generate_series(1, 40) AS g;";

/// For this session and for those that come.
std::string path(const std::string& schemas) {
  return fmt::format(
      "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = {0}',"
      " current_database()); END$$; SET search_path = {0};",
      schemas);
}

/// A create_index on t; `keys` is its `columns`.
std::string index_on(const std::string& keys,
                     const std::string& method = "btree") {
  return fmt::format(
      "  - create_index:\n      table: public.t\n      name: t_i\n"
      "      method: {}\n      columns: {}\n",
      method, keys);
}

class IndexNames : public CarryTest,
                   public ::testing::WithParamInterface<Carried> {};

TEST_P(IndexNames, MeanWhatTheyMeanToCreateIndex) {
  expect_carried(GetParam());
}

const Carried cases[] = {
    {.name = "OpclassOnThePath",
     .setup = things_in("ext") + table + path("public, ext"),
     .operations = index_on("[{column: n, opclass: backwards_ops}]"),
     .plain = "CREATE INDEX t_i ON public.t (n backwards_ops)"},
    {.name = "OpclassWithItsSchema",
     .setup = things_in("ext") + table,
     .operations = index_on("[{column: n, opclass: ext.backwards_ops}]"),
     .plain = "CREATE INDEX t_i ON public.t (n ext.backwards_ops)"},
    {.name = "TheFirstOnThePath",
     .setup = things_in("ext") + things_in("later") + table +
              path("public, later, ext"),
     .operations = index_on("[{column: n, opclass: backwards_ops},"
                            " {column: a, collation: plain}]"),
     .plain = "CREATE INDEX t_i ON public.t (n backwards_ops, a COLLATE "
              "plain)"},
    {.name = "CollationOnThePath",
     .setup = things_in("ext") + table + path("public, ext"),
     .operations = index_on("[{expression: lower(a), collation: plain,"
                            " opclass: text_pattern_ops, order: desc}]"),
     .plain = "CREATE INDEX t_i ON public.t"
              " (lower(a) COLLATE plain text_pattern_ops DESC)"},
    {.name = "CollationWithItsSchema",
     .setup = things_in("ext") + table,
     .operations = index_on("[{column: a, collation: ext.plain}]"),
     .plain = "CREATE INDEX t_i ON public.t (a COLLATE ext.plain)"},
    {.name = "BuiltinCollation",
     .setup = things_in("ext") + table + path("public, ext"),
     .operations = index_on("[{column: a, collation: POSIX}]"),
     .plain = "CREATE INDEX t_i ON public.t (a COLLATE \"POSIX\")"},
    {.name = "CollationBeforeTheBuiltinOne",
     .setup = things_in("ext") + table + path("ext, public, pg_catalog"),
     .operations = index_on("[{column: a, collation: POSIX}]"),
     .plain = "CREATE INDEX t_i ON public.t (a COLLATE \"POSIX\")"},
    {.name = "ColumnsOwnCollation",
     .setup = things_in("ext") + table +
              "ALTER TABLE t ALTER a TYPE text COLLATE ext.plain;" +
              path("public, ext"),
     .operations = index_on("[{column: a, collation: plain}]"),
     .plain = "CREATE INDEX t_i ON public.t (a COLLATE plain)"},
    {.name = "Parameters",
     .setup = table,
     .operations = index_on(
         "[{column: v, opclass: \"tsvector_ops(siglen=100)\"}]", "gist"),
     .plain = "CREATE INDEX t_i ON public.t USING gist (v "
              "tsvector_ops(siglen=100))"},
    {.name = "ParametersOfAnIndexThatMoves",
     .setup = std::string(table) +
              "CREATE INDEX t_moves ON t USING gist"
              " (to_tsvector('simple', n::text) tsvector_ops(siglen=100));",
     .operations = alter("t", "n", "bigint"),
     .plain = "ALTER TABLE t ALTER n TYPE bigint"},
};
INSTANTIATE_TEST_SUITE_P(All, IndexNames, ::testing::ValuesIn(cases), name_of);

class IndexNamesOfExtensions : public CarryTest {
 protected:
  bool has_trigrams() {
    return one("SELECT count(*) FROM pg_available_extensions"
               " WHERE name = 'pg_trgm'") == "1";
  }
};

TEST_F(IndexNamesOfExtensions, AreFoundInTheirSchema) {
  if (!has_trigrams()) {
    GTEST_SKIP() << "this server comes without pg_trgm";
  }
  expect_carried(
      {.name = "Trigrams",
       .setup = "CREATE SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext;" +
                std::string(table) + path("public, ext"),
       .operations =
           index_on("[{column: a, opclass: gist_trgm_ops(siglen=64)}]", "gist"),
       .plain = "CREATE INDEX t_i ON public.t USING gist"
                " (a gist_trgm_ops(siglen=64))"});
}

class UnknownIndexNames : public CarryTest {
 protected:
  void expect_finding(const std::string& operation,
                      const ::testing::Matcher<std::string>& says) {
    write_migration(operation);
    EXPECT_EQ(run({"plan"}), 2);
    EXPECT_THAT(line_.err, says);
  }
};

TEST_F(UnknownIndexNames, AreFoundByPlan) {
  set_up(things_in("ext") + table);
  expect_finding(index_on("[{column: n, opclass: backwards_ops}]"),
                 AllOf(HasSubstr("index.unknown-opclass"),
                       HasSubstr("there is ext.backwards_ops")));
  expect_finding(index_on("[{column: v, opclass: tsvector_ops}]", "brin"),
                 HasSubstr("index.unknown-opclass"));
  expect_finding(index_on("[{column: a, opclass: text_ops}]", "brin"),
                 HasSubstr("text_ops is for indexes with `method: btree`"));
  expect_finding(index_on("[{column: n, opclass: no_ops}]"),
                 HasSubstr("operator class no_ops does not exist"));
  expect_finding(index_on("[{column: a, collation: plain}]"),
                 HasSubstr("type.unknown-collation"));
}

}  // namespace
}  // namespace pgexpand::testing
