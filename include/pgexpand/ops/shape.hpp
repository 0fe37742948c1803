#pragma once

#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/probe.hpp"
#include "pgexpand/sql/names.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::ops {

/// A column as clients see it after the migration.
struct ShapeColumn {
  sql::Identifier name;       ///< What new code calls it.
  sql::Identifier physical;   ///< Where its values are before the switch.
  std::string type;           ///< SQL text.
  bool is_user_type = false;  ///< `type` is user text, still to be resolved.
  const catalog::Column* stored = nullptr;  ///< Today's, unless it is new.
};

/// A column whose values move to another one: a new type.
struct Move {
  sql::Identifier from;      ///< Today's column.
  sql::Identifier to;        ///< Its logical name afterwards.
  sql::Identifier physical;  ///< Where the values go before the switch.
  /// The new column takes the old one's name at switch; else, in a version
  /// schema, at contract.
  bool swaps = false;

  /// The old column's name between switch and contract.
  [[nodiscard]] sql::Identifier stale() const;
  /// The new column's name between switch and contract.
  [[nodiscard]] sql::Identifier between() const;
};

/// One table after the migration: its logical columns and where they live.
class TableShape {
 public:
  TableShape() = default;
  explicit TableShape(const catalog::Table& table);

  [[nodiscard]] const std::vector<ShapeColumn>& columns() const {
    return columns_;
  }
  [[nodiscard]] const ShapeColumn* column(const sql::Identifier& name) const;

  /// Notes ahead that a column gets another name, or another type; the type may
  /// be announced by either name.
  void announce_name(const sql::Identifier& today, const sql::Identifier& to);
  void announce_type(const sql::Identifier& name) { retyped_.insert(name); }
  /// The name it is to have: today's if none was announced.
  [[nodiscard]] sql::Identifier announced(const sql::Identifier& today) const;
  /// Of a name that is announced, or today's own: today's.
  [[nodiscard]] sql::Identifier before(const sql::Identifier& name) const;
  /// One change gives the column both.
  [[nodiscard]] bool is_renamed_and_retyped(const sql::Identifier& today) const;

  void add(ShapeColumn column) { columns_.push_back(std::move(column)); }
  void remove(const sql::Identifier& name);
  /// Replaces `name` by another column; nothing if it is not there.
  void replace(const sql::Identifier& name, ShapeColumn column);

  /// Notes a move and replaces the column in the new shape.
  void move(const Move& move, ShapeColumn column);
  [[nodiscard]] const std::vector<Move>& moves() const { return moves_; }
  /// The move that starts at today's column; null if it stays.
  [[nodiscard]] const Move* move_of(const sql::Identifier& from) const;
  /// Notes another name for a column that stays where it is until contract.
  void rename(const catalog::Column& column, const sql::Identifier& to);
  /// Notes another name, and that until contract a second column answers to
  /// it. The values stay where they are for good.
  void alias(const catalog::Column& column, const sql::Identifier& to);
  /// The columns that answer to another name until contract, by today's name.
  [[nodiscard]] const std::map<sql::Identifier, sql::Identifier>& aliases()
      const {
    return aliases_;
  }
  /// What new code calls today's column.
  [[nodiscard]] sql::Identifier renamed(const sql::Identifier& today) const;
  /// What today's code calls the new shape's column.
  [[nodiscard]] sql::Identifier today(const sql::Identifier& name) const;

  /// Where the new shape's column lives before the switch.
  [[nodiscard]] sql::Identifier physical(const sql::Identifier& name) const;
  /// Where it lives between switch and contract.
  [[nodiscard]] sql::Identifier between(const sql::Identifier& name) const;
  /// physical() and between() of the columns that move or change their names,
  /// by the new shape's name.
  [[nodiscard]] std::map<sql::Identifier, sql::Identifier> names_before() const;
  [[nodiscard]] std::map<sql::Identifier, sql::Identifier> names_between()
      const;

  /// The row an expression of the new shape reads.
  [[nodiscard]] std::vector<catalog::ScopeColumn> scope() const;
  /// The row as it is today.
  [[nodiscard]] static std::vector<catalog::ScopeColumn> scope_today(
      const catalog::Table& table);

 private:
  std::vector<ShapeColumn> columns_;
  std::vector<Move> moves_;
  std::map<sql::Identifier, sql::Identifier> renames_;    ///< By today's name.
  std::map<sql::Identifier, sql::Identifier> aliases_;    ///< The same.
  std::map<sql::Identifier, sql::Identifier> announced_;  ///< The same.
  std::set<sql::Identifier> retyped_;
};

/// The tables a migration changes, after it.
class Shapes {
 public:
  /// `in_views`: new code sees the new shape through a version schema, so that
  /// no column takes another one's name before contract.
  explicit Shapes(bool in_views = false) : in_views_(in_views) {}

  [[nodiscard]] bool in_views() const { return in_views_; }
  /// The shape of `table`, today's at first.
  [[nodiscard]] TableShape& of(const catalog::Table& table);
  /// Today's shape if no operation changed it.
  [[nodiscard]] const TableShape& of(const catalog::Table& table) const;

  /// Notes an index of today that an operation drops.
  void drop_index(const sql::TableName& index) { dropped_.insert(index); }
  [[nodiscard]] bool drops_index(const sql::TableName& index) const {
    return dropped_.contains(index);
  }

 private:
  bool in_views_;
  std::set<sql::TableName> dropped_;
  mutable std::map<sql::TableName, TableShape> shapes_;
};

}  // namespace pgexpand::ops
