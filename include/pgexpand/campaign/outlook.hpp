#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/campaign/roster.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/catalog/change.hpp"
#include "pgexpand/plan/plan.hpp"

#include <string>
#include <vector>

namespace pgexpand::campaign {

/// What the migrations before one will have made of the database by the time
/// it runs: those that are pending, and those that are not contracted yet.
class Outlook {
 public:
  /// Nothing comes first.
  Outlook() = default;
  /// What is under way comes first.
  explicit Outlook(const Roster& roster);

  /// Counts on one that is planned.
  void add(const plan::Plan& plan, const std::vector<catalog::Change>& changes);
  /// Counts with one that could not be planned: it may do anything.
  void add_unknown(const std::string& id,
                   const std::vector<sql::TableName>& tables);

  /// `request` with the tables that the ones before give what it names.
  [[nodiscard]] catalog::Request widened(const catalog::Request& request) const;
  [[nodiscard]] catalog::Catalog apply(catalog::Catalog catalog) const;

  /// Those before that touch tables of `plan` too: their contract comes first.
  struct Rivals {
    std::vector<std::string> ids;
    std::vector<sql::TableName> tables;  ///< Which; each once.
    bool are_counted = true;             ///< What they make is in apply().
  };
  [[nodiscard]] Rivals rivals(const plan::Plan& plan) const;
  /// Those before that may make, in a way nobody can foresee, what `findings`
  /// miss; none if other findings block as well.
  [[nodiscard]] std::vector<std::string> awaited(
      const Diagnostics& findings) const;

 private:
  struct Earlier {
    std::string id;
    std::vector<sql::TableName> tables;
    bool is_unforeseen = false;  ///< Its changes are not all that it does.
    bool is_counted = true;      ///< They are among `changes_`.
  };

  void add_under_way(const Known& known, const plan::Plan& plan);

  std::vector<Earlier> earlier_;
  std::vector<plan::Plan> under_way_;
  std::vector<catalog::Change> changes_;
};

}  // namespace pgexpand::campaign
