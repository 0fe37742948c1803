#include "fuzz/draw_catalog.hpp"

#include "fuzz/draw_table.hpp"
#include "ops/example_catalog.hpp"

#include <algorithm>
#include <utility>

namespace pgexpand::fuzz {
namespace {

using catalog::Catalog;
using catalog::Table;
using sql::Identifier;

constexpr std::array<std::string_view, 32> names{
    "a",
    "b",
    "status",
    "id",
    "note",
    "User",
    "select",
    "\"",
    "a\"b",
    "\"a\"",
    "o'hara",
    "''",
    "back\\slash",
    "\xC3\xBCml\xC3\xA4ut",
    "x; DROP TABLE evil.loot; --",
    "\"; DROP TABLE evil.loot; --",
    "$pgexpand$",
    "/*",
    "--",
    "a.b",
    " ",
    "new\nline",
    "{}",
    "{0} %s",
    "$1",
    "NEW",
    "t",
    "tg_op",
    "pgexpand_new_a",
    "\xE2\x82\xAC",
    "a234567890123456789012345678901234567890123456789012345678901_x",
    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"
    "\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9"};

/// Two more tables that the examples name, with what they need.
void add_examples(Catalog& catalog) {
  catalog = ops::example_catalog("alter_column");
  catalog.tables.push_back(ops::example_catalog("add_column").tables.front());
  auto& orders = catalog.tables.back();
  for (const char* operation : {"drop_index", "rename_column"}) {
    const auto other = ops::example_catalog(operation).tables.front();
    for (const auto& index : other.indexes) {
      if (orders.index(index.name.name) == nullptr) {
        orders.indexes.push_back(index);
      }
    }
    for (const auto& constraint : other.constraints) {
      if (orders.constraint(constraint.name) == nullptr) {
        orders.constraints.push_back(constraint);
      }
    }
  }
}

/// A foreign key between two tables, as both ends know it.
void refer(Input& input, Table& from, Table& to) {
  if (from.columns.empty() || to.primary_key() == nullptr ||
      to.primary_key()->columns.size() != 1) {
    return;
  }
  constexpr std::array actions{'a', 'r', 'c', 'n', 'd'};
  const auto& column = from.columns[input.below(from.columns.size())].name;
  const auto& target = to.primary_key()->columns.front();
  catalog::Constraint key{.name = Identifier("fk_" + draw_name(input)),
                          .table = from.name,
                          .kind = catalog::ConstraintKind::foreign_key,
                          .is_validated = !input.one_in(8),
                          .is_deferrable = input.one_in(4),
                          .columns = {column},
                          .references_table = to.name,
                          .references_columns = {target},
                          .on_update = input.pick(actions),
                          .on_delete = input.pick(actions)};
  key.name = Identifier(sql::shorten_name(key.name.name()));
  key.definition = "FOREIGN KEY (" + column.quoted() + ") REFERENCES " +
                   to.name.quoted() + "(" + target.quoted() + ")";
  if (from.constraint(key.name) == nullptr) {
    from.constraints.push_back(key);
    to.referenced_by.push_back(key);
  }
}

void draw_database(Input& input, Catalog& catalog) {
  constexpr std::array versions{150004, 140011, 160002, 170002, 180001};
  catalog.server_version_num = input.pick(versions);
  catalog.may_skip_triggers = input.one_in(2);
  catalog.may_create_schema = !input.one_in(8);
  if (input.one_in(4)) {
    catalog.user = draw_name(input);
  }
  if (input.one_in(8)) {
    catalog.search_path = {sql::quote_identifier(draw_name(input)),
                           "\"public\""};
  }
  catalog.schemas = {Identifier("public"), Identifier("pg_catalog")};
  if (input.one_in(8)) {
    catalog.versions = {{.migration = "20250101_first",
                         .schemas = {Identifier("public_20250101_first")},
                         .bases = {Identifier("public")}}};
    catalog.schemas.push_back(catalog.versions.front().schemas.front());
  }
}

}  // namespace

std::string draw_name(Input& input) { return std::string(input.pick(names)); }

Catalog draw_catalog(Input& input) {
  Catalog catalog;
  add_examples(catalog);
  if (input.is_empty()) {
    return catalog;
  }
  draw_database(input, catalog);
  std::uint32_t oid = 20'000;
  for (auto left = input.below(3); left > 0; --left) {
    Table table = draw_table(input, ++oid);
    const bool is_new = std::ranges::none_of(
        catalog.tables,
        [&](const Table& other) { return other.name == table.name; });
    if (is_new) {
      catalog.tables.push_back(std::move(table));
    }
  }
  for (auto left = input.below(3); left > 0; --left) {
    const auto from = input.below(catalog.tables.size());
    const auto to = input.below(catalog.tables.size());
    refer(input, catalog.tables[from], catalog.tables[to]);
  }
  for (auto& table : catalog.tables) {
    vary_table(input, table);
  }
  ops::take_names(catalog);
  return catalog;
}

}  // namespace pgexpand::fuzz
