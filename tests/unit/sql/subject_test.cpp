#include "pgexpand/sql/subject.hpp"

#include "pgexpand/sql/own_names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace pgexpand::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const TableName table{Identifier("p"), Identifier("t")};

Subject of(const char* text) { return subject_of(Statement::verbatim(text)); }

TEST(Subject, NamesWithASchemaAreObjects) {
  EXPECT_TRUE(of("DROP TRIGGER x ON p.t").is_about(table));
  EXPECT_TRUE(of("COMMENT ON COLUMN p.t.a IS NULL").is_about(table));
  EXPECT_TRUE(of("GRANT SELECT ON p.t TO x").is_about(table));
  EXPECT_TRUE(of("DROP FUNCTION s.f()").is_about_schema(Identifier("s")));
  EXPECT_TRUE(of("SELECT s.f('p.t')").is_about_schema(Identifier("s")));
}

TEST(Subject, ANameInATextOrPartOfOneIsNone) {
  EXPECT_FALSE(of("SELECT s.f('p.t')").is_about(table));
  EXPECT_FALSE(of("ALTER TABLE p.t_2 ADD COLUMN a int").is_about(table));
  EXPECT_FALSE(of("ALTER TABLE q.t ADD COLUMN a int").is_about(table));
}

TEST(Subject, DroppedAndRenamedColumnsAreKnown) {
  EXPECT_THAT(of("ALTER TABLE p.t DROP COLUMN a, DROP COLUMN IF EXISTS b")
                  .dropped_columns,
              ElementsAre(ColumnName{table, Identifier("a")},
                          ColumnName{table, Identifier("b")}));
  EXPECT_THAT(
      of("ALTER TABLE p.t RENAME a TO b").renamed_columns,
      ElementsAre(ColumnRename{{table, Identifier("a")}, Identifier("b")}));
  EXPECT_THAT(of("ALTER TABLE p.t RENAME CONSTRAINT a TO b").renamed_columns,
              IsEmpty());
}

TEST(Subject, WhatTheGrammarDoesNotReadIsAboutNothing) {
  EXPECT_THAT(of("THIS is no SQL").objects, IsEmpty());
}

TEST(Subject, OnlyGivenNamesAreOwn) {
  const auto own = [](const char* text) {
    return own_names_of(Statement::verbatim(text));
  };
  EXPECT_THAT(own("ALTER TABLE p.t ADD COLUMN pgexpand_new_a int"),
              ElementsAre(Identifier("pgexpand_new_a")));
  EXPECT_THAT(own("ALTER TABLE p.t DROP COLUMN pgexpand_new_a"), IsEmpty());
  EXPECT_THAT(own("ALTER TABLE p.t ADD COLUMN pgexpand_state int"), IsEmpty());
  EXPECT_THAT(own("CREATE STATISTICS p.pgexpand_new_s ON a, b FROM p.t"),
              ElementsAre(Identifier("pgexpand_new_s")));
  EXPECT_THAT(own("CREATE TRIGGER \"~pgexpand_m\" BEFORE UPDATE ON p.t"
                  " FOR EACH ROW EXECUTE FUNCTION s.f()"),
              ElementsAre(sync_trigger_name("m")));
}

}  // namespace
}  // namespace pgexpand::sql
