#include "pgexpand/catalog/catalog.hpp"

#include "pgexpand/sql/parser.hpp"

#include <algorithm>

namespace pgexpand::catalog {
namespace {

// Calls `visit` with every full name that `wanted` may mean, best first, until
// it returns something. The search_path is quoted for SET, names are not.
template <typename Visit>
auto resolve(const std::vector<std::string>& search_path,
             const sql::TableName& wanted,
             const Visit& visit) -> decltype(visit("", wanted.name)) {
  if (!wanted.schema.empty()) {
    return visit(wanted.schema.quoted(), wanted.name);
  }
  for (const auto& schema : search_path) {
    if (auto found = visit(schema, wanted.name)) {
      return found;
    }
  }
  return {};
}

bool is(const sql::TableName& candidate,
        const std::string& quoted_schema,
        const sql::Identifier& name) {
  return candidate.name == name && candidate.schema.quoted() == quoted_schema;
}

template <typename Item, typename Predicate>
const Item* find(const std::vector<Item>& items, const Predicate& predicate) {
  const auto found = std::ranges::find_if(items, predicate);
  return found == items.end() ? nullptr : &*found;
}

void add_columns(const sql::Expression& expression,
                 std::vector<sql::Identifier>& columns) {
  if (!sql::can_read(expression.text)) {
    return;
  }
  const auto read = sql::columns_of(expression.text);
  columns.insert(columns.end(), read.begin(), read.end());
}

}  // namespace

std::vector<sql::Identifier> columns_read(const Index& index) {
  if (!index.reads.empty()) {
    return index.reads;
  }
  std::vector<sql::Identifier> columns = index.include;
  for (const auto& key : index.keys) {
    if (key.column) {
      columns.push_back(*key.column);
    } else {
      add_columns(*key.expression, columns);
    }
  }
  if (index.predicate) {
    add_columns(*index.predicate, columns);
  }
  return columns;
}

std::vector<sql::Identifier> columns_read(
    const ExtendedStatistics& statistics) {
  if (!statistics.reads.empty()) {
    return statistics.reads;
  }
  std::vector<sql::Identifier> columns = statistics.columns;
  for (const auto& expression : statistics.expressions) {
    add_columns(expression, columns);
  }
  return columns;
}

const Column* Table::column(const sql::Identifier& wanted) const {
  return find(columns, [&](const auto& item) { return item.name == wanted; });
}

const Index* Table::index(const sql::Identifier& wanted) const {
  return find(indexes,
              [&](const auto& item) { return item.name.name == wanted; });
}

const Constraint* Table::constraint(const sql::Identifier& wanted) const {
  return find(constraints,
              [&](const auto& item) { return item.name == wanted; });
}

const Constraint* Table::primary_key() const {
  return find(constraints, [](const auto& item) {
    return item.kind == ConstraintKind::primary_key;
  });
}

const Table* Catalog::table(const sql::TableName& wanted) const {
  return resolve(search_path, wanted,
                 [&](const std::string& schema, const sql::Identifier& name) {
                   return find(tables, [&](const Table& candidate) {
                     return is(candidate.name, schema, name);
                   });
                 });
}

const Table* Catalog::table_of_index(const sql::TableName& wanted) const {
  return resolve(search_path, wanted,
                 [&](const std::string& schema, const sql::Identifier& name) {
                   return find(tables, [&](const Table& candidate) {
                     return std::ranges::any_of(
                         candidate.indexes, [&](const Index& item) {
                           return is(item.name, schema, name);
                         });
                   });
                 });
}

std::string Catalog::owner_to_become() const {
  std::string owner;
  for (const Table& table : tables) {
    if (!table.must_become_owner) {
      continue;
    }
    if (!owner.empty() && owner != table.owner) {
      return {};
    }
    owner = table.owner;
  }
  return owner;
}

bool Catalog::is_name_taken(const sql::TableName& wanted) const {
  return resolve(search_path, wanted,
                 [&](const std::string& schema, const sql::Identifier& name) {
                   return std::ranges::any_of(relation_names,
                                              [&](const sql::TableName& taken) {
                                                return is(taken, schema, name);
                                              });
                 });
}

}  // namespace pgexpand::catalog
