#include "chaos/ledger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace pgexpand::chaos {
namespace {

Value upper(const Value& text) {
  Value result = text;
  for (char& letter : *result) {
    letter = static_cast<char>(std::toupper(letter));
  }
  return result;
}

std::string shown(const Value& value) { return value.value_or("NULL"); }

// A hole may have been filled, and a status done, by a migration that was
// rolled back since: both stay.
bool may_be(const std::string& attribute,
            const Item& expected,
            const Value& found,
            const Settled& settled) {
  const Value& value = expected.values.at(attribute);
  if (attribute == "note" && !value) {
    return found == "none" || (!found && !settled.notes);
  }
  if (attribute == "status" && value == "shipped") {
    return found == "sent" || (found == "shipped" && !settled.statuses);
  }
  if (attribute == "hits" && expected.values.at("status") == "shipped") {
    return found == "1" || (found == "0" && !settled.statuses);
  }
  return found == value;
}

// Together, or a row was done half, or twice.
bool agree(const Line& found, const Shape& shape) {
  bool is_sent = false;
  bool is_counted = false;
  for (std::size_t i = 0; i < shape.fields.size(); ++i) {
    const std::string& name = shape.fields[i].attribute;
    is_sent |= name == "status" && found.at(i + 2) == "sent";
    is_counted |= name == "hits" && found.at(i + 2) == "1";
  }
  return is_sent == is_counted;
}

}  // namespace

Items first_items() {
  Items items;
  for (int n = 1; n <= first_rows; ++n) {
    Item item;
    item.values = {{"amount", std::to_string(n * 7 % 10000)},
                   {"owner", fmt::format("o{}", n)},
                   {"note", n % 4 > 0 ? Value(fmt::format("n{}", n)) : Value()},
                   {"legacy", std::to_string(n % 50)},
                   {"status", n % 3 == 0 ? "shipped" : "open"},
                   {"hits", "0"},
                   {"qty", std::to_string(n % 100)},
                   {"code", fmt::format("c{}", n)},
                   {"code_v2", fmt::format("C{}", n)}};
    items[n] = item;
  }
  return items;
}

Item written(Item item,
             const Shape& shape,
             const std::map<std::string, Value>& values) {
  for (const auto& [attribute, value] : values) {
    item.values[attribute] = value;
  }
  if (values.contains("code") && !shape.has("code_v2")) {
    item.values["code_v2"] = upper(item.values["code"]);
  }
  // Only an INSERT of a release that no longer knows the column.
  item.values.emplace("legacy", "0");
  item.values.emplace("status", "open");
  item.values.emplace("hits", "0");
  return item;
}

void forget_new_columns(Item& item) {
  item.values["code_v2"] = upper(item.values["code"]);
}

std::string select_items(const Shape& shape, const std::string& where) {
  std::string sql =
      "SELECT i.id, (SELECT count(*) FROM entry AS e WHERE e.item_id = i.id)";
  for (const Field& field : shape.fields) {
    sql += ", i." + field.column + "::text";
  }
  return sql + " FROM item AS i " + where;
}

Value stored(const Field& field, const Value& value) {
  return field.scale == 1 || !value
             ? value
             : Value(std::to_string(std::stoll(*value) * field.scale));
}

std::string difference(const std::optional<Item>& expected,
                       const Line* found,
                       const Shape& shape,
                       const Settled& settled) {
  if (!expected || found == nullptr) {
    return expected.has_value() == (found != nullptr)
               ? ""
               : (expected ? "is gone" : "should be gone");
  }
  if (found->at(1) != std::to_string(expected->entries)) {
    return fmt::format("has {} entries, not {}", shown(found->at(1)),
                       expected->entries);
  }
  for (std::size_t i = 0; i < shape.fields.size(); ++i) {
    const Field& field = shape.fields[i];
    const Value& value = found->at(i + 2);
    const bool is_plain = field.attribute != "note" &&
                          field.attribute != "status" &&
                          field.attribute != "hits";
    const Value& wanted = expected->values.at(field.attribute);
    if (is_plain ? value != stored(field, wanted)
                 : !may_be(field.attribute, *expected, value, settled)) {
      return fmt::format("has {} = {}, not {}", field.column, shown(value),
                         shown(stored(field, wanted)));
    }
  }
  return agree(*found, shape) ? "" : "has a status and hits that do not agree";
}

}  // namespace pgexpand::chaos
