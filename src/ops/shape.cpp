#include "pgexpand/ops/shape.hpp"

#include "pgexpand/sql/own_names.hpp"

#include <algorithm>

namespace pgexpand::ops {

TableShape::TableShape(const catalog::Table& table) {
  for (const auto& column : table.columns) {
    columns_.push_back({.name = column.name,
                        .physical = column.name,
                        .type = column.type.name.text,
                        .stored = &column});
  }
}

const ShapeColumn* TableShape::column(const sql::Identifier& name) const {
  const auto found = std::ranges::find(columns_, name, &ShapeColumn::name);
  return found == columns_.end() ? nullptr : &*found;
}

void TableShape::announce_name(const sql::Identifier& today,
                               const sql::Identifier& to) {
  announced_[today] = to;
}

sql::Identifier TableShape::announced(const sql::Identifier& today) const {
  const auto found = announced_.find(today);
  return found == announced_.end() ? today : found->second;
}

sql::Identifier TableShape::before(const sql::Identifier& name) const {
  const auto found = std::ranges::find_if(
      announced_, [&](const auto& rename) { return rename.second == name; });
  return found == announced_.end() ? name : found->first;
}

bool TableShape::is_renamed_and_retyped(const sql::Identifier& today) const {
  const sql::Identifier to = announced(today);
  return to != today && (retyped_.contains(today) || retyped_.contains(to));
}

void TableShape::remove(const sql::Identifier& name) {
  std::erase_if(columns_,
                [&](const ShapeColumn& column) { return column.name == name; });
}

void TableShape::replace(const sql::Identifier& name, ShapeColumn column) {
  const auto found = std::ranges::find(columns_, name, &ShapeColumn::name);
  if (found != columns_.end()) {
    *found = std::move(column);
  }
}

sql::Identifier Move::stale() const {
  return swaps ? sql::stale_name(from) : from;
}
sql::Identifier Move::between() const { return swaps ? to : physical; }

void TableShape::move(const Move& move, ShapeColumn column) {
  replace(move.from, std::move(column));
  moves_.push_back(move);
}

const Move* TableShape::move_of(const sql::Identifier& from) const {
  const auto found = std::ranges::find(moves_, from, &Move::from);
  return found == moves_.end() ? nullptr : &*found;
}

void TableShape::rename(const catalog::Column& column,
                        const sql::Identifier& to) {
  replace(column.name, {.name = to,
                        .physical = column.name,
                        .type = column.type.name.text,
                        .stored = &column});
  renames_[column.name] = to;
}

void TableShape::alias(const catalog::Column& column,
                       const sql::Identifier& to) {
  rename(column, to);
  aliases_[column.name] = to;
}

sql::Identifier TableShape::renamed(const sql::Identifier& today) const {
  const auto other = renames_.find(today);
  if (other != renames_.end()) {
    return other->second;
  }
  const Move* found = move_of(today);
  return found == nullptr ? today : found->to;
}

sql::Identifier TableShape::today(const sql::Identifier& name) const {
  const auto moved = std::ranges::find(moves_, name, &Move::to);
  if (moved != moves_.end()) {
    return moved->from;
  }
  const auto other = std::ranges::find_if(
      renames_, [&](const auto& rename) { return rename.second == name; });
  return other == renames_.end() ? name : other->first;
}

sql::Identifier TableShape::physical(const sql::Identifier& name) const {
  const ShapeColumn* found = column(name);
  return found == nullptr ? name : found->physical;
}

sql::Identifier TableShape::between(const sql::Identifier& name) const {
  const auto found = std::ranges::find(moves_, name, &Move::to);
  return found == moves_.end() ? physical(name) : found->between();
}

std::map<sql::Identifier, sql::Identifier> TableShape::names_before() const {
  std::map<sql::Identifier, sql::Identifier> names;
  for (const Move& move : moves_) {
    names[move.to] = move.physical;
  }
  for (const auto& [from, to] : renames_) {
    names[to] = from;
  }
  return names;
}

std::map<sql::Identifier, sql::Identifier> TableShape::names_between() const {
  auto names = names_before();
  for (auto& [name, where] : names) {
    where = between(name);
  }
  return names;
}

std::vector<catalog::ScopeColumn> TableShape::scope() const {
  std::vector<catalog::ScopeColumn> scope;
  for (const auto& column : columns_) {
    const bool is_stored = column.stored != nullptr &&
                           !column.stored->is_projected &&
                           column.stored->name == column.physical;
    scope.push_back({.name = column.name,
                     .type = column.type,
                     .is_user_type = column.is_user_type,
                     .stored_as = is_stored ? std::optional(column.stored->name)
                                            : std::nullopt});
  }
  return scope;
}

std::vector<catalog::ScopeColumn> TableShape::scope_today(
    const catalog::Table& table) {
  return TableShape(table).scope();
}

TableShape& Shapes::of(const catalog::Table& table) {
  return shapes_.try_emplace(table.name, table).first->second;
}

const TableShape& Shapes::of(const catalog::Table& table) const {
  return shapes_.try_emplace(table.name, table).first->second;
}

}  // namespace pgexpand::ops
