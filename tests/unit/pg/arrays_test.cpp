#include "pg/arrays.hpp"

#include "pgexpand/sql/names.hpp"

#include <gtest/gtest.h>

namespace pgexpand::pg {
namespace {

TEST(ArrayLiteral, ItemsAreQuotedAndEscaped) {
  EXPECT_EQ(array_literal(std::vector<std::string>{}), "{}");
  EXPECT_EQ(array_literal(std::vector<std::string>{"a", "", "b\"c\\d"}),
            R"({"a","","b\"c\\d"})");
  EXPECT_EQ(array_literal(std::vector<std::uint32_t>{1, 2}), "{1,2}");
}

TEST(UnquoteIdentifier, UndoesQuoting) {
  for (const char* name : {"plain", "Odd \"one\"", "\"\"", ""}) {
    EXPECT_EQ(unquote_identifier(sql::quote_identifier(name)), name);
  }
}

}  // namespace
}  // namespace pgexpand::pg
