#include "ops/example_catalog.hpp"

#include "pgexpand/base/assert.hpp"
#include "pgexpand/sql/parser.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace pgexpand::ops {
namespace {

using catalog::Catalog;
using catalog::Column;
using catalog::Constraint;
using catalog::ConstraintKind;
using catalog::Table;
using sql::Identifier;

sql::TableName in_public(const std::string& name) {
  return {Identifier("public"), Identifier(name)};
}

std::vector<Identifier> identifiers(const std::vector<std::string>& names) {
  return {names.begin(), names.end()};
}

Table make_table(const std::string& name, std::vector<Column> columns) {
  Table table{.name = in_public(name),
              .oid = 16384,
              .relfilenode = 16384,
              .access_method = "heap",
              .owner = "app",
              .estimated_rows = 3000,
              .size_bytes = 262144,
              .indexes_size_bytes = 131072,
              .pages = 32,
              .columns = std::move(columns)};
  for (Column& column : table.columns) {
    column.number = table.next_column_number++;
  }
  return table;
}

Table orders() {
  Table table = make_table(
      "orders",
      {make_not_null("id", "bigint"), make_not_null("customer_id", "integer"),
       make_not_null("status", "varchar(20)", "'pending'::character varying"),
       make_not_null("total_cents", "integer"), make_column("note", "text"),
       make_not_null("created_at", "timestamptz", "now()")});
  table.columns[0].identity = 'd';
  table.columns[0].sequence = {.name = in_public("orders_id_seq"),
                               .type = "bigint",
                               .maximum = 9223372036854775807};
  add_key(table, "orders_pkey", {"id"}, true);
  return table;
}

Column serial_id(const std::string& table) {
  const std::string sequence = table + "_id_seq";
  Column column = make_not_null(
      "id", "integer", fmt::format("nextval('public.{}'::regclass)", sequence));
  column.sequence = {
      .name = in_public(sequence), .type = "integer", .maximum = 2147483647};
  return column;
}

void add_customers_and_invoices(Catalog& catalog) {
  Table customers = make_table(
      "customers", {serial_id("customers"), make_not_null("name", "text")});
  customers.columns[0].comment = "running number";
  add_key(customers, "customers_pkey", {"id"}, true);
  auto by_name = make_index("customers_name_idx", {"name", "id"});
  by_name.keys[1].descending = by_name.keys[1].nulls_first = true;
  customers.indexes.push_back(by_name);
  Table invoices =
      make_table("invoices", {serial_id("invoices"),
                              make_not_null("customer_id", "integer"),
                              make_not_null("amount", "numeric(10,2)")});
  invoices.oid = 16400;
  add_key(invoices, "invoices_pkey", {"id"}, true);
  add_foreign_key(invoices, "invoices_customer_id_fkey", "customer_id",
                  customers, "id");
  for (auto* side : {&invoices.constraints, &customers.referenced_by}) {
    side->back().on_delete = 'c';
    side->back().definition += " ON DELETE CASCADE";
  }
  catalog.tables = {std::move(customers), std::move(invoices)};
}

void only_orders(Catalog& catalog) { catalog.tables = {orders()}; }

void orders_with_indexes(Catalog& catalog) {
  Table table = orders();
  table.indexes.push_back(make_index("orders_customer_idx", {"customer_id"}));
  auto status =
      make_index("orders_status_created_idx", {"status", "created_at"});
  status.keys[1].descending = status.keys[1].nulls_first = true;
  table.indexes.push_back(status);
  table.indexes.push_back(make_index("orders_created_idx", {"created_at"}));
  catalog.tables = {table};
}

void orders_with_index_of_total(Catalog& catalog) {
  Table table = orders();
  table.indexes.push_back(make_index("orders_total_idx", {"total_cents"}));
  catalog.tables = {table};
}

void orders_with_use_of_note(Catalog& catalog) {
  Table table = orders();
  auto note = make_index("orders_note_idx", {"note"});
  note.keys[0] = {.expression = sql::Expression{"lower(note)"}};
  note.predicate = {"(note IS NOT NULL)"};
  table.indexes.push_back(note);
  add_check(table, "orders_note_check", {"note"}, "(length(note) < 200)");
  catalog.tables = {table};
}

struct Example {
  std::string_view operation;
  void (*make)(Catalog& catalog);
};

constexpr std::array examples{
    Example{"add_column", orders_with_indexes},
    Example{"alter_column", add_customers_and_invoices},
    Example{"backfill", only_orders},
    Example{"create_index", only_orders},
    Example{"drop_column", only_orders},
    Example{"drop_index", orders_with_index_of_total},
    Example{"drop_not_null", only_orders},
    Example{"rename_column", orders_with_use_of_note},
    Example{"set_not_null", only_orders},
    Example{"sql", only_orders},
};

}  // namespace

Column make_column(const std::string& name,
                   std::string_view type,
                   std::optional<std::string> default_value) {
  const auto known = known_type(type);
  PGEXPAND_ASSERT(known.has_value());
  Column column{.name = Identifier(name),
                .type = *known,
                .storage = known->storage,
                .type_storage = known->storage};
  if (default_value) {
    column.default_value = sql::Expression{*std::move(default_value)};
  }
  return column;
}

Column make_not_null(const std::string& name,
                     std::string_view type,
                     std::optional<std::string> default_value) {
  Column column = make_column(name, type, std::move(default_value));
  column.not_null = true;
  return column;
}

catalog::Index make_index(const std::string& name,
                          const std::vector<std::string>& columns) {
  catalog::Index index{.name = in_public(name), .method = "btree"};
  for (const auto& column : columns) {
    index.keys.push_back({.column = Identifier(column)});
    index.reads.emplace_back(column);
  }
  return index;
}

void add_key(Table& table,
             const std::string& name,
             const std::vector<std::string>& columns,
             bool is_primary) {
  auto index = make_index(name, columns);
  index.is_unique = true;
  index.is_primary = is_primary;
  index.constraint = Identifier(name);
  table.indexes.push_back(index);
  table.constraints.push_back({.name = Identifier(name),
                               .table = table.name,
                               .kind = is_primary ? ConstraintKind::primary_key
                                                  : ConstraintKind::unique,
                               .columns = identifiers(columns),
                               .index = index.name});
}

void add_check(Table& table,
               const std::string& name,
               const std::vector<std::string>& columns,
               const std::string& expression) {
  table.constraints.push_back({.name = Identifier(name),
                               .table = table.name,
                               .columns = identifiers(columns),
                               .expression = sql::Expression{expression},
                               .definition = "CHECK (" + expression + ")"});
}

void add_foreign_key(Table& table,
                     const std::string& name,
                     const std::string& column,
                     Table& parent,
                     const std::string& target) {
  const Constraint key{
      .name = Identifier(name),
      .table = table.name,
      .kind = ConstraintKind::foreign_key,
      .columns = {Identifier(column)},
      .definition = fmt::format("FOREIGN KEY ({}) REFERENCES {}({})", column,
                                parent.name.display(), target),
      .references_table = parent.name,
      .references_columns = {Identifier(target)}};
  table.constraints.push_back(key);
  parent.referenced_by.push_back(key);
}

catalog::Trigger make_trigger(const std::string& name) {
  return {.name = Identifier(name),
          .is_before = true,
          .is_row = true,
          .on_update = true,
          .function = "public.touch()",
          .function_language = "plpgsql"};
}

Catalog example_catalog(std::string_view operation) {
  Catalog catalog{.server_version_num = 150004,
                  .server_version = "15.4",
                  .database = "shop",
                  .user = "app",
                  .search_path = {"\"public\""}};
  const auto found =
      std::ranges::find(examples, operation, &Example::operation);
  if (found == examples.end()) {
    throw std::invalid_argument(fmt::format(
        "tests/ops/example_catalog.cpp has none for {}", operation));
  }
  found->make(catalog);
  take_names(catalog);
  return catalog;
}

Table& table_in(Catalog& catalog, const std::string& name) {
  const auto found = std::ranges::find_if(
      catalog.tables,
      [&](const Table& table) { return table.name.name.name() == name; });
  PGEXPAND_ASSERT(found != catalog.tables.end());
  return *found;
}

Column& column_in(Catalog& catalog,
                  const std::string& table,
                  const std::string& column) {
  auto& columns = table_in(catalog, table).columns;
  const auto found =
      std::ranges::find(columns, Identifier(column), &Column::name);
  PGEXPAND_ASSERT(found != columns.end());
  return *found;
}

void take_names(Catalog& catalog) {
  catalog.relation_names.clear();
  for (Table& table : catalog.tables) {
    std::ranges::sort(table.indexes, {}, &catalog::Index::name);
    catalog.relation_names.push_back(table.name);
    for (const auto& index : table.indexes) {
      catalog.relation_names.push_back(index.name);
    }
  }
}

}  // namespace pgexpand::ops
