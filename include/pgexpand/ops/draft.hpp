#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/catalog/catalog.hpp"
#include "pgexpand/ops/claims.hpp"
#include "pgexpand/plan/plan.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/statement.hpp"

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace pgexpand::ops {

/// A value the sync function computes: `column := value`.
struct SyncAssignment {
  sql::Identifier column;  ///< Physical, at the time the function is in force.
  catalog::Type type;      ///< The column's, for the comparator.
  sql::Expression value;   ///< Deparsed; columns get their qualifier later.
  /// What columns of `value` are called physically at that time.
  std::map<sql::Identifier, sql::Identifier> renamed;
  /// Cannot fail for any value: needs no exception block.
  bool is_safe = false;
};

/// A pair of sides that the trigger keeps in step.
struct SyncPair {
  enum class Visibility {
    both,      ///< Clients may write either column.
    old_only,  ///< Clients cannot know the new one (a twin before its swap).
    new_only,  ///< The same after the swap.
  };
  Visibility visibility = Visibility::both;
  SyncAssignment forward;                  ///< new := up(old row).
  std::optional<SyncAssignment> backward;  ///< old := down(new row).
  bool rows_complete = false;  ///< Every row is filled: NULL is a value now.
  bool lossy = false;          ///< A `down` that fails gives NULL.
  /// Where the columns cannot tell, an argument of the trigger does: it has one
  /// for writers of a version schema that shows the new side.
  bool knows_writer = false;
  /// With `knows_writer`, over NEW: true if an INSERT did not give the old
  /// side. None: it is always there.
  std::optional<sql::Expression> old_is_left_out;
};

/// `IF NEW.column IS NULL THEN NEW.column := value`.
struct SyncFill {
  SyncAssignment assignment;
};

/// All the rules of one table's sync function.
struct SyncRules {
  std::vector<SyncPair> pairs;
  std::vector<SyncFill> fills;

  [[nodiscard]] bool empty() const { return pairs.empty() && fills.empty(); }
};

/// Rows to fill in the shared pass over a table.
struct Fill {
  plan::Assignment assignment;  ///< Over `t`.
  catalog::Type type;           ///< The column's.
  sql::Expression pending;      ///< Over `t`.
  bool is_in_place = false;     ///< The column exists already: a row for which
                                ///< `pending` is false must keep its value.
  bool until_clean = false;     ///< No trigger keeps finished rows finished.
};

/// What is known of a column that moves, under its name of today.
struct MovedColumn {
  catalog::Type type;         ///< The new one.
  bool is_injective = false;  ///< Different values stay different.
  bool is_lossy = false;      ///< The old side may have no value.
  /// With `is_lossy`, over the row between switch and contract: the old side
  /// has none, and the value of the new one is lost without it.
  sql::Expression is_lost{};
};

/// How a migration's version schema shows one table; see
/// version-schemas.md.
struct VersionShape {
  std::set<sql::Identifier> made;  ///< No earlier version shows them.
  std::set<sql::Identifier> gone;  ///< This version hides them.
  /// Physical names to this version's, where they differ.
  std::map<sql::Identifier, sql::Identifier> names;
  /// By this version's names, where not the physical column's own. None: NULL.
  std::map<sql::Identifier, std::optional<sql::Expression>> defaults;

  [[nodiscard]] bool empty() const {
    return made.empty() && gone.empty() && names.empty() && defaults.empty();
  }
};

/// What one table contributes to the merged steps.
struct TableDraft {
  const catalog::Table* table = nullptr;
  Location where;  ///< Of the first operation on it, for findings.
  std::vector<sql::Statement> expand, expand_undo;
  std::vector<std::string> expand_titles;
  SyncRules sync_before;  ///< From expand to switch.
  SyncRules sync_after;   ///< From switch to contract.
  std::vector<std::string> sync_titles;
  std::vector<Fill> fills;
  std::vector<plan::Comparison> before_switch, after_switch;
  std::vector<sql::Identifier> analyze;
  bool analyze_all = false;  ///< An expression index was built.
  std::set<sql::Identifier> touched;
  std::map<sql::Identifier, MovedColumn> moved;
  VersionShape version;
  bool allow_user_triggers = false;
  bool allow_published = false;
  bool adds_columns = false;
};

/// Statements that run in one transaction at switch or contract.
struct Transition {
  std::vector<sql::Statement> first;        ///< Before anything is renamed.
  std::vector<sql::Statement> middle;       ///< Columns change names or go.
  std::vector<sql::Statement> last;         ///< The new shape takes its names.
  std::vector<plan::Undo> undo_ahead;       ///< Steps before all of `undo`.
  std::vector<sql::Statement> undo_before;  ///< Ahead of all of `undo`.
  std::vector<sql::Statement> undo;         ///< In the order they run.
  std::vector<plan::Undo> undo_after;       ///< Steps that follow `undo`.
  std::vector<std::string> titles;
  std::map<sql::TableName, plan::LockMode> locks;

  [[nodiscard]] bool empty() const {
    return first.empty() && middle.empty() && last.empty();
  }
  void lock(const sql::TableName& table, plan::LockMode mode);
  /// Puts statements before the undos there are: undo runs backwards.
  void undo_first(std::vector<sql::Statement> statements);
};

/// What a migration in views mode publishes besides its tables' schemas.
struct Publication {
  sql::Identifier schema;  ///< Its base schema if it names no table.
  std::string alias;       ///< `versions_alias`; empty: none.
};

/// The pieces of a plan as operations add them; merged by finish().
///
/// Everything of one table goes into one expand transaction, one sync function
/// and one pass over its rows. Order of calls is order in the plan.
class Draft {
 public:
  /// Without a publication no version schema is made.
  Draft(std::string id,
        std::string state_schema,
        std::optional<Publication> publication = std::nullopt);

  [[nodiscard]] TableDraft& table(const catalog::Table& table);

  /// What two operations could both touch.
  [[nodiscard]] Claims& claims() { return claims_; }
  [[nodiscard]] const Claims& claims() const { return claims_; }

  /// A step of its own in `phase`; its id is given by finish(). Enforce steps
  /// of switch and contract run before the transition, backfill steps after
  /// the rows.
  void step(plan::Step step);
  /// A step after the phase's transition.
  void late_step(plan::Step step);
  [[nodiscard]] Transition& at_switch() { return switch_; }
  [[nodiscard]] Transition& at_contract() { return contract_; }

  void visible(std::string reason) { visible_.push_back(std::move(reason)); }
  void not_undoable(std::string reason) {
    not_undoable_.push_back(std::move(reason));
  }
  void stays(std::string what) { stays_.push_back(std::move(what)); }
  /// What sync functions must have of the writer's session.
  void pin(sql::Settings settings) { pinned_ = std::move(settings); }
  void gate(plan::Gate gate) { gates_.push_back(std::move(gate)); }
  /// Contract is refused while code of the database has this name.
  void misses(sql::ColumnName name) { missed_.push_back(std::move(name)); }

  [[nodiscard]] bool in_views() const { return publication_.has_value(); }
  [[nodiscard]] const std::optional<Publication>& publication() const {
    return publication_;
  }
  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const sql::Identifier& state_schema() const {
    return state_schema_;
  }
  [[nodiscard]] const std::deque<TableDraft>& tables() const { return tables_; }

  /// Merges everything into `plan`: tables, steps with ids, visibility, gates.
  /// `user` is who runs it: it decides whether functions change owner.
  void finish(const std::string& user, plan::Plan& plan) const;

 private:
  std::string id_;
  sql::Identifier state_schema_;
  std::optional<Publication> publication_;
  std::deque<TableDraft> tables_;  ///< References stay valid.
  Claims claims_;
  std::vector<plan::Step> steps_, late_steps_;
  Transition switch_, contract_;
  std::vector<std::string> visible_, not_undoable_, stays_;
  std::vector<plan::Gate> gates_;
  std::vector<sql::ColumnName> missed_;
  sql::Settings pinned_;
};

}  // namespace pgexpand::ops
