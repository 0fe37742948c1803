#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/sql/names.hpp"

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgexpand::ops {

/// What the operations of one file touch, so that two of them do not work
/// against each other.
class Claims {
 public:
  /// Says where the operation stands whose claims come next.
  void begin(const Location& where) { where_ = where; }
  /// Notes that the operation makes, changes or drops `what`, which only one
  /// can: an index, a constraint, the values of a column.
  void claim(const std::string& what);
  [[nodiscard]] bool is_claimed(const std::string& what) const {
    return claims_.contains(what);
  }
  /// Notes that the operation changes what a column holds or is, or drops it.
  void writes(const sql::TableName& table, const sql::Identifier& column);
  void drops(const sql::TableName& table, const sql::Identifier& column);
  /// A finding for each claim that was not the first, and for each column that
  /// one operation changes and another drops, where the later one stands.
  void report(Diagnostics& findings) const;

 private:
  using Column = std::pair<sql::TableName, sql::Identifier>;

  Location where_;
  std::set<std::string> claims_;
  std::vector<std::pair<Location, std::string>> repeats_;
  std::map<Column, Location> written_, dropped_;
};

}  // namespace pgexpand::ops
