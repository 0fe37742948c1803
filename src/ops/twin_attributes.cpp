// What a twin takes over from its column at once: everything that is the
// column's own and hurts nobody while the column is not used.
#include "ops/column_rules.hpp"
#include "ops/twin.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::ops {
namespace {

using sql::Expression;
using sql::Statement;

std::string_view storage_name(char code) {
  switch (code) {
    case 'e':
      return "EXTERNAL";
    case 'm':
      return "MAIN";
    case 'p':
      return "PLAIN";
    default:
      return "EXTENDED";
  }
}

/// Storage and compression mean something only for types that can be stored
/// out of line.
std::vector<Expression> storage_changes(const catalog::Column& column,
                                        const catalog::Type& type) {
  std::vector<Expression> changes;
  if (column.type_storage == 'p' || type.storage == 'p') {
    return changes;
  }
  if (column.storage != column.type_storage) {
    changes.push_back(
        {fmt::format("SET STORAGE {}", storage_name(column.storage))});
  }
  if (column.compression) {
    changes.push_back({fmt::format(
        "SET COMPRESSION {}", *column.compression == 'l' ? "lz4" : "pglz")});
  }
  return changes;
}

void copy_attributes(TableDraft& pieces,
                     const sql::TableName& table,
                     const catalog::Column& column,
                     const Copy& copy) {
  const sql::Identifier& fresh = copy.column;
  std::vector<Expression> changes;
  if (copy.comment) {
    pieces.expand.push_back(comment_on_column(table, fresh, copy.comment));
  }
  if (column.statistics_target) {
    changes.push_back(sql::compose("SET STATISTICS {}",
                                   std::int64_t{*column.statistics_target}));
  }
  if (!column.options.empty()) {
    changes.push_back(
        {fmt::format("SET ({})", fmt::join(column.options, ", "))});
  }
  for (auto& change : storage_changes(column, copy.type)) {
    changes.push_back(std::move(change));
  }
  for (const Expression& change : changes) {
    pieces.expand.push_back(Statement::of("ALTER TABLE {} ALTER COLUMN {} {}",
                                          table, fresh, change));
  }
  for (const auto& grant : column.grants) {
    const Expression grantee{grant.grantee.empty()
                                 ? "PUBLIC"
                                 : sql::quote_identifier(grant.grantee)};
    const Expression tail{grant.with_grant_option ? " WITH GRANT OPTION" : ""};
    pieces.expand.push_back(Statement::of("GRANT {} ({}) ON {} TO {}{}",
                                          Expression{grant.privilege}, fresh,
                                          table, grantee, tail));
  }
}

}  // namespace

void add_column_beside(TableDraft& pieces,
                       const sql::TableName& table,
                       const catalog::Column& column,
                       const Copy& copy) {
  Expression type{copy.type.name.text};
  if (!copy.collation.empty()) {
    type.text += " COLLATE " + copy.collation;
  }
  pieces.expand.push_back(Statement::of("ALTER TABLE {} ADD COLUMN {} {}",
                                        table, copy.column, type));
  pieces.expand_undo.push_back(
      Statement::of("ALTER TABLE {} DROP COLUMN {}", table, copy.column));
  pieces.expand_titles.push_back(
      fmt::format("add column {} {}", copy.column.name(), copy.type.name.text));
  copy_attributes(pieces, table, column, copy);
  pieces.touched.insert({column.name, copy.column});
  pieces.adds_columns = true;
  pieces.analyze.push_back(copy.column);
}

}  // namespace pgexpand::ops
