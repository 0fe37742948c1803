// attnum is for ever: a column that takes over from another one stands at the
// end of the row once that one is gone.
#include "pgexpand/ops/table_rules.hpp"

#include <algorithm>

namespace pgexpand::ops {
namespace {

plan::ColumnOrder order_of(const TableDraft& draft, const TableShape& shape) {
  plan::ColumnOrder order{.table = draft.table->name, .plain = {}, .ours = {}};
  for (const ShapeColumn& column : shape.columns()) {
    order.plain.push_back(column.name);
    if (std::ranges::find(draft.added, column.name) == draft.added.end()) {
      order.ours.push_back(column.name);
    }
  }
  order.ours.insert(order.ours.end(), draft.added.begin(), draft.added.end());
  return order;
}

}  // namespace

std::vector<plan::ColumnOrder> column_orders(const Draft& draft,
                                             const Shapes& shapes,
                                             Diagnostics& findings) {
  std::vector<plan::ColumnOrder> orders;
  if (draft.in_views()) {  // a view has its columns in the table's old order
    return orders;
  }
  for (const TableDraft& pieces : draft.tables()) {
    auto order = order_of(pieces, shapes.of(*pieces.table));
    if (order.plain == order.ours || pieces.allow_column_order) {
      continue;
    }
    findings.warn(pieces.where, "column.order", plan::column_order_text(order),
                  "contract asks first, for an INSERT without a column list "
                  "would put values into other columns: if all code names its "
                  "columns, add `allow: [column_order]`, or `column_order: "
                  "free` to pgexpand.yaml");
    orders.push_back(std::move(order));
  }
  return orders;
}

}  // namespace pgexpand::ops
