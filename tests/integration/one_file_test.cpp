// Operations of one file that work on what another one makes, on a server.
#include "integration/flow.hpp"

#include <fmt/format.h>

namespace pgexpand::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

/// With and without version schemas, and with the operations backwards.
struct Form {
  bool views = false;
  bool backwards = false;
};

class OneFile : public Flow, public ::testing::WithParamInterface<Form> {
 protected:
  OneFile() {
    database_.exec(
        "CREATE TABLE public.orders (id int PRIMARY KEY, status text NOT NULL"
        " DEFAULT 'new', note text);"
        "INSERT INTO public.orders SELECT g, 's' || g % 7, 'n' || g"
        " FROM generate_series(1, 500) g;");
    if (GetParam().views) {
      line_.write("pgexpand.yaml", "versions: views\n");
    }
  }

  /// Applies the operations, takes them back, and applies them to the end.
  void run_through(std::vector<std::string> operations) {
    if (GetParam().backwards) {
      std::ranges::reverse(operations);
    }
    std::string text = "operations:\n";
    for (const std::string& operation : operations) {
      text += "  - " + operation + "\n";
    }
    line_.write("migrations/1_m.yaml", text);
    const std::string before = dump();
    ASSERT_EQ(run({"apply", "--through", "switch"}), 0) << line_.err;
    ASSERT_EQ(run({"rollback", "1_m"}), 0) << line_.err;
    EXPECT_EQ(dump(), before);
    ASSERT_EQ(run({"apply", "--through", "switch"}), 0) << line_.err;
    ASSERT_EQ(run({"contract"}), 0) << line_.err;
  }

  std::string count(const std::string& condition) {
    return one("SELECT count(*) FROM public.orders WHERE " + condition);
  }
};

TEST_P(OneFile, AnAddedColumnIsFilledIndexedCheckedAndNotNull) {
  run_through(
      {"add_column: {table: orders, column: a, type: text}",
       "set_not_null: {table: orders, column: a, up: status}",
       "create_index: {table: orders, columns: [a]}",
       "alter_column: {table: orders, column: a, check: {name: a_check, "
       "expression: \"a <> ''\"}}"});
  EXPECT_EQ(count("a = status"), "500");
  EXPECT_THAT(dump(),
              AllOf(HasSubstr("a text NOT NULL"), HasSubstr("a_check CHECK"),
                    HasSubstr("orders_a_idx ON public.orders")));
}

TEST_P(OneFile, AnAddedColumnIsFilledInPlace) {
  run_through({"add_column: {table: orders, column: a, type: varchar(9)}",
               "backfill: {table: orders, set: {a: note}}"});
  EXPECT_EQ(count("a = note"), "500");
}

TEST_P(OneFile, ARenamedColumnIsNotNullAndCheckedByItsNewName) {
  run_through({"rename_column: {table: orders, from: note, to: remark}",
               "set_not_null: {table: orders, column: remark}",
               "alter_column: {table: orders, column: remark, check: {name: "
               "c, expression: \"remark <> ''\"}}"});
  EXPECT_EQ(one("SELECT attnotnull FROM pg_attribute WHERE attrelid = "
                "'public.orders'::regclass AND attname = 'remark'"),
            "t");
  EXPECT_THAT(dump(), HasSubstr("CONSTRAINT c CHECK ((remark <>"));
}

INSTANTIATE_TEST_SUITE_P(Forms,
                         OneFile,
                         ::testing::Values(Form{false, false},
                                           Form{false, true},
                                           Form{true, false},
                                           Form{true, true}));

}  // namespace
}  // namespace pgexpand::testing
