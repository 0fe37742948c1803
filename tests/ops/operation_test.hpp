#pragma once

#include "ops/example_catalog.hpp"
#include "ops/fake_server.hpp"
#include "ops/plan_text.hpp"
#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/planner/planner.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <vector>

namespace pgexpand::ops {

/// Plans one operation's example, or a spec of the test's own, against a
/// catalog made by hand and a fake server.
class OperationTest : public testing::Test {
 protected:
  explicit OperationTest(std::string operation)
      : operation_(std::move(operation)),
        catalog_(example_catalog(operation_)) {}

  /// Plans a whole file.
  std::optional<plan::Plan> plan_file(const std::string& text,
                                      const std::string& name);
  /// Plans a file whose operations are `operations`, indented by two.
  std::optional<plan::Plan> plan(const std::string& operations);
  /// Plans one operation of this test's kind with these fields, in flow style:
  /// `{table: orders, column: note}`.
  std::optional<plan::Plan> plan_one(const std::string& fields);
  /// The codes of all findings that plan_one gives.
  std::vector<std::string> codes_of(const std::string& fields);
  [[nodiscard]] std::vector<std::string> codes() const;

  /// Compares the example's plan with tests/golden/<operation>.txt, with
  /// version schemas <operation>_views.txt, or writes it there when
  /// PGEXPAND_UPDATE_GOLDEN=1.
  void expect_golden();

  [[nodiscard]] catalog::Table& orders() {
    return table_in(catalog_, "orders");
  }
  [[nodiscard]] catalog::Column& column(const std::string& name) {
    return column_in(catalog_, catalog_.tables.front().name.name.name(), name);
  }

  std::string operation_;
  catalog::Catalog catalog_;
  FakeServer server_;
  planner::Versions versions_;
  Diagnostics findings_;
};

}  // namespace pgexpand::ops
