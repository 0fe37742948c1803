#include "fuzz/draw_table.hpp"

#include "fuzz/draw_catalog.hpp"
#include "ops/example_catalog.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace pgexpand::fuzz {
namespace {

using catalog::Column;
using catalog::Table;
using sql::Identifier;

struct TypeWithDefault {
  std::string_view name;
  std::string_view value;
};
constexpr std::array types{
    TypeWithDefault{"text", "'it''s'::text"},
    TypeWithDefault{"integer", "0"},
    TypeWithDefault{"bigint", "nextval('public.s'::regclass)"},
    TypeWithDefault{"boolean", "false"},
    TypeWithDefault{"varchar(20)", "'a\\b'::character varying"},
    TypeWithDefault{"numeric(10,2)", "1.5"},
    TypeWithDefault{"timestamptz", "now()"},
    TypeWithDefault{"jsonb", "'{}'::jsonb"},
    TypeWithDefault{"uuid", "gen_random_uuid()"},
    TypeWithDefault{"json", "'[]'::json"},
    TypeWithDefault{"double precision", "'NaN'::double precision"},
    TypeWithDefault{"bytea", "'\\x00'::bytea"}};

sql::Expression over(Input& input, const Identifier& column) {
  constexpr std::array patterns{"({} IS NOT NULL)", "lower(({})::text)",
                                "(({})::text <> 'x''y'::text)",
                                "COALESCE(({})::text, '$pgexpand$'::text)"};
  return {fmt::format(fmt::runtime(input.pick(patterns)), column.quoted())};
}

void draw_attributes(Input& input, Column& column) {
  if (input.one_in(4)) {
    column.comment = draw_name(input);
  }
  if (input.one_in(8)) {
    column.collation = "pg_catalog.\"C\"";
  }
  if (input.one_in(8)) {
    column.statistics_target = 100;
  }
  if (input.one_in(8)) {
    column.storage = 'e';
  }
  if (input.one_in(8)) {
    column.compression = 'l';
  }
  if (input.one_in(8)) {
    column.options = {"n_distinct=-0.5"};
  }
  if (input.one_in(4)) {
    column.grants = {{.grantee = draw_name(input), .privilege = "SELECT"},
                     {.grantee = "", .privilege = "UPDATE"}};
  }
  if (input.one_in(16)) {
    column.dependents = {{.kind = "view", .identity = "view v"}};
  }
}

void draw_columns(Input& input, Table& table) {
  const auto count = 1 + input.below(6);
  for (std::size_t n = 0; n < count; ++n) {
    const auto& [type, value] = input.pick(types);
    Column column = ops::make_column(draw_name(input), type);
    if (table.column(column.name) != nullptr) {
      continue;
    }
    column.number = table.next_column_number++;
    column.not_null = input.one_in(3);
    if (input.one_in(3)) {
      column.default_value = sql::Expression{std::string(value)};
    } else if (input.one_in(8)) {
      column.generated = sql::Expression{"1"};
    } else if (type == "bigint" && input.one_in(2)) {
      column.identity = input.one_in(2) ? 'a' : 'd';
      column.sequence = {.name = {table.name.schema, Identifier("s_id_seq")},
                         .type = "bigint",
                         .maximum = 9223372036854775807};
    }
    draw_attributes(input, column);
    table.columns.push_back(std::move(column));
  }
}

/// As pg_get_indexdef writes it, as far as we draw it.
std::string definition(const Table& table, const catalog::Index& index) {
  std::string keys;
  for (const auto& key : index.keys) {
    keys += keys.empty() ? "" : ", ";
    keys +=
        key.column ? key.column->quoted() : "(" + key.expression->text + ")";
  }
  return fmt::format("CREATE {}INDEX {} ON {} USING {} ({}){}",
                     index.is_unique ? "UNIQUE " : "", index.name.name.quoted(),
                     table.name.quoted(), index.method, keys,
                     index.predicate ? " WHERE " + index.predicate->text : "");
}

void draw_index(Input& input, Table& table) {
  const auto name = sql::shorten_name("i_" + draw_name(input));
  if (table.index(Identifier(name)) != nullptr) {
    return;
  }
  catalog::Index index = ops::make_index(name, {});
  index.name.schema = table.name.schema;
  for (auto left = 1 + input.below(2); left > 0; --left) {
    const auto& column = table.columns[input.below(table.columns.size())].name;
    catalog::IndexKey key;
    if (input.one_in(3)) {
      key.expression = over(input, column);
    } else {
      key.column = column;
    }
    index.reads.push_back(column);
    key.descending = input.one_in(4);
    key.nulls_first = input.one_in(4);
    index.keys.push_back(std::move(key));
  }
  if (input.one_in(4)) {
    index.predicate = over(input, table.columns.front().name);
    index.reads.push_back(table.columns.front().name);
  }
  if (input.one_in(4)) {
    index.include = {table.columns.back().name};
    index.reads.push_back(table.columns.back().name);
  }
  if (input.one_in(8)) {
    index.comment = draw_name(input);
  }
  index.is_unique = input.one_in(3);
  index.is_valid = !input.one_in(16);
  index.is_replica_identity = input.one_in(16);
  index.is_clustered = input.one_in(16);
  index.definition = definition(table, index);
  table.indexes.push_back(std::move(index));
}

void draw_constraint(Input& input, Table& table) {
  const auto name = sql::shorten_name("c_" + draw_name(input));
  if (table.constraint(Identifier(name)) != nullptr ||
      table.index(Identifier(name)) != nullptr) {
    return;
  }
  const auto& column = table.columns[input.below(table.columns.size())].name;
  if (input.one_in(2)) {
    ops::add_check(table, name, {column.name()}, over(input, column).text);
    table.constraints.back().is_validated = !input.one_in(4);
    table.constraints.back().no_inherit = input.one_in(8);
    return;
  }
  const bool is_primary = table.primary_key() == nullptr && input.one_in(2);
  ops::add_key(table, name, {column.name()}, is_primary);
  auto& index = table.indexes.back();
  index.name.schema = table.name.schema;
  index.definition = definition(table, index);
  auto& constraint = table.constraints.back();
  constraint.index = index.name;
  constraint.is_deferrable = input.one_in(8);
  constraint.definition = fmt::format(
      "{} ({})", is_primary ? "PRIMARY KEY" : "UNIQUE", column.quoted());
}

void draw_trigger(Input& input, Table& table) {
  catalog::Trigger trigger = ops::make_trigger(draw_name(input));
  trigger.is_before = input.one_in(2);
  trigger.on_insert = input.one_in(2);
  trigger.has_when = input.one_in(4);
  constexpr std::array modes{'O', 'D', 'R', 'A'};
  trigger.enabled = input.pick(modes);
  trigger.function =
      sql::TableName{Identifier("public"), Identifier(draw_name(input))}
          .quoted() +
      "()";
  trigger.may_alter_function = !input.one_in(8);
  trigger.function_owner = draw_name(input);
  table.triggers.push_back(std::move(trigger));
}

}  // namespace

Table draw_table(Input& input, std::uint32_t oid) {
  Table table{
      .name = {Identifier(input.one_in(4) ? draw_name(input) : "public"),
               Identifier(draw_name(input))},
      .oid = oid,
      .relfilenode = oid,
      .access_method = "heap",
      .owner = input.one_in(3) ? draw_name(input) : "app",
      .estimated_rows = 3000,
      .size_bytes = 262144,
      .pages = 32};
  draw_columns(input, table);
  for (auto left = input.below(3); left > 0; --left) {
    draw_index(input, table);
  }
  for (auto left = input.below(4); left > 0; --left) {
    draw_constraint(input, table);
  }
  if (input.one_in(8)) {
    table.statistics = {
        {.name = {table.name.schema, Identifier("st " + table.owner)},
         .kinds = {"ndistinct"},
         .columns = {table.columns.front().name, table.columns.back().name},
         .expressions = {over(input, table.columns.front().name)},
         .reads = {table.columns.front().name, table.columns.back().name}}};
  }
  return table;
}

void vary_table(Input& input, Table& table) {
  if (input.one_in(8)) {
    table.kind = 'p';
    table.has_children = true;
  }
  table.is_partition = input.one_in(32);
  table.hides_rows = input.one_in(32);
  table.row_security = input.one_in(8);
  table.may_act_as_owner = !input.one_in(32);
  table.must_become_owner = input.one_in(32);
  table.may_create_in_schema = !input.one_in(32);
  if (input.one_in(16)) {
    table.publications = {draw_name(input)};
  }
  if (input.one_in(4)) {
    table.replica_identity = 'f';
  }
  if (input.one_in(4)) {
    draw_trigger(input, table);
  }
  if (input.one_in(16)) {
    table.size_bytes = 1;
    table.estimated_rows = 0;
  }
}

}  // namespace pgexpand::fuzz
