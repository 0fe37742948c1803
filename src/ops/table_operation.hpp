#pragma once

#include "ops/expressions.hpp"
#include "ops/partitions.hpp"
#include "pgexpand/ops/draft.hpp"
#include "pgexpand/ops/operation.hpp"

#include <string>

namespace pgexpand::ops {

/// Where an operation stands and which table it is about.
struct Target {
  Location where;
  sql::TableName table;
  Location table_where;
  Allowed allowed;
};

/// Reads `table` and `allow`, which every operation on a table has.
[[nodiscard]] std::optional<Target> read_target(spec::Fields& fields,
                                                Diagnostics& findings);

/// An operation on the columns or rows of one table.
class TableOperation : public Operation {
 public:
  explicit TableOperation(Target target) : target_(std::move(target)) {}

  void request(catalog::Request& request) const override {
    request.tables.push_back(target_.table);
  }
  [[nodiscard]] std::vector<catalog::Change> changes(
      const Situation& situation, const std::string& prefix) const final;

 protected:
  /// What it does to the table, for those with partitions or children.
  [[nodiscard]] virtual TableUse use() const { return TableUse::columns; }
  /// The table, or null with a finding. Its rights, and whether partitions or
  /// children allow use(), are checked.
  [[nodiscard]] const catalog::Table* find_table(
      const catalog::Catalog& catalog, Diagnostics& findings) const;
  /// The table; it is there, reshape() looked.
  [[nodiscard]] const catalog::Table& table(
      const catalog::Catalog& catalog) const;
  /// As Operation's, of a table that is there.
  [[nodiscard]] virtual std::vector<catalog::Change> changes_of(
      const catalog::Table& table,
      const Situation& situation,
      const std::string& prefix) const = 0;
  /// A finding (and did-you-mean) for a column that is there neither today nor
  /// after all operations.
  [[nodiscard]] bool is_there(const Situation& situation,
                              const sql::Identifier& column,
                              Diagnostics& findings) const;
  /// The same for a column that must be there today; `hint` if another
  /// operation of the file makes it.
  [[nodiscard]] bool is_there_today(const Situation& situation,
                                    const sql::Identifier& column,
                                    std::string hint,
                                    Diagnostics& findings) const;
  /// The column that is meant by its name of today or of the new shape, as it
  /// is today, or as another operation of the file adds it. It is_there().
  [[nodiscard]] const catalog::Column& column_meant(
      const Situation& situation, const sql::Identifier& column) const;
  /// True if another operation of the file adds it.
  [[nodiscard]] bool is_added(const Situation& situation,
                              const sql::Identifier& column) const;
  /// A finding if the table can have no new column of this name.
  [[nodiscard]] bool is_free(const catalog::Table& table,
                             const TableShape& shape,
                             const sql::Identifier& column,
                             std::string hint,
                             Diagnostics& findings) const;
  /// A finding if another operation moves or drops today's column.
  [[nodiscard]] bool is_left_alone(const TableShape& shape,
                                   const sql::Identifier& column,
                                   std::string hint,
                                   Diagnostics& findings) const;
  /// The table's draft, with `allow` and the place noted.
  [[nodiscard]] TableDraft& draft_of(Draft& draft,
                                     const catalog::Table& table) const;
  /// A probe for an expression over the row as it is today.
  [[nodiscard]] catalog::ExpressionProbe probe_today(
      const catalog::Table& table, const UserExpression& expression) const;
  /// A probe for an expression over the row as it will be.
  [[nodiscard]] catalog::ExpressionProbe probe_after(
      const catalog::Table& table,
      const TableShape& shape,
      const UserExpression& expression) const;

  /// `column` of the table as the spec names it.
  [[nodiscard]] sql::ColumnName column_named(
      const sql::Identifier& column) const {
    return {target_.table, column};
  }
  [[nodiscard]] const Location& where() const { return target_.where; }
  [[nodiscard]] const Allowed& allowed() const { return target_.allowed; }

 private:
  Target target_;
};

/// Refuses a generated column among those `expression` reads: a BEFORE trigger
/// sees NULL there.
[[nodiscard]] bool reads_no_generated_column(
    const catalog::Table& table,
    const catalog::ExpressionAnswer& answer,
    const Location& where,
    Diagnostics& findings);

/// `column` by its name of today or of the new shape.
[[nodiscard]] catalog::Change not_null_change(const catalog::Table& table,
                                              const Situation& situation,
                                              const sql::Identifier& column,
                                              bool not_null);

/// `probe` for a value that is to be assigned to `column`.
[[nodiscard]] catalog::ExpressionProbe assigned_to(
    const catalog::Column& column, catalog::ExpressionProbe probe);

/// Notes that a rule of the migration reads what `expression` does, by the
/// names of today: a change of that is drift, too.
void touch_inputs(TableDraft& pieces,
                  const std::optional<sql::Expression>& expression,
                  const TableShape* shape = nullptr);

/// `expression` over the row `t`, with physical names of the new shape.
[[nodiscard]] sql::Expression over_row(const sql::Expression& expression,
                                       const TableShape* shape = nullptr);
/// `expression` with bare physical names, as CHECK and indexes want it.
[[nodiscard]] sql::Expression bare(const sql::Expression& expression,
                                   const TableShape* shape = nullptr);

/// bare() of what the server is to read. Where we cannot, it stays as the
/// server wrote it, with columns as `table.column`; a finding if they are
/// called otherwise until contract.
[[nodiscard]] std::optional<sql::Expression> for_ddl(
    const sql::Expression& expression,
    const TableShape& shape,
    const Location& where,
    Diagnostics& findings);

/// True if no value of `expression` over today's row can be NULL.
[[nodiscard]] bool is_never_null(const catalog::Table& table,
                                 const sql::Expression& expression);

}  // namespace pgexpand::ops
