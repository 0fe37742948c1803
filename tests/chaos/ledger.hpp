#pragma once

#include "chaos/link.hpp"
#include "chaos/scenario.hpp"

#include <map>
#include <optional>
#include <string>

namespace pgexpand::chaos {

/// An item as the application means it: attribute to value.
struct Item {
  std::map<std::string, Value> values;
  int entries = 0;  ///< Rows of the other table that refer to it.
};

/// By key; nullopt is a row that must not be there.
using Items = std::map<int, std::optional<Item>>;

/// What the migrations that were contracted have made of all rows.
struct Settled {
  bool notes = false;     ///< No note is NULL.
  bool statuses = false;  ///< Nothing is 'shipped'.
};

/// The rows that are there at the start.
[[nodiscard]] Items first_items();

/// `item` after a write of `values` through `shape`; what a release that does
/// not know an attribute leaves there, too.
[[nodiscard]] Item written(Item item,
                           const Shape& shape,
                           const std::map<std::string, Value>& values);
/// What a rollback makes of it: columns that were added come anew.
void forget_new_columns(Item& item);

/// The query for items in this shape; `where` with its keyword, or "".
[[nodiscard]] std::string select_items(const Shape& shape,
                                       const std::string& where);

/// Whether `expected` looks like `found`, a row of select_items() or nullptr
/// if there is none. Empty if it does, else what differs.
[[nodiscard]] std::string difference(const std::optional<Item>& expected,
                                     const Line* found,
                                     const Shape& shape,
                                     const Settled& settled = {});

/// As SQL wants it in the column.
[[nodiscard]] Value stored(const Field& field, const Value& value);

}  // namespace pgexpand::chaos
