#pragma once

#include "pgexpand/base/diagnostics.hpp"
#include "pgexpand/sql/names.hpp"
#include "pgexpand/sql/settings.hpp"
#include "pgexpand/sql/statement.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace pgexpand::plan {

enum class Phase { expand, backfill, verify, switch_over, contract };
inline constexpr std::array phases{Phase::expand, Phase::backfill,
                                   Phase::verify, Phase::switch_over,
                                   Phase::contract};
/// "expand", "backfill", "verify", "switch", "contract".
[[nodiscard]] std::string_view name(Phase phase) noexcept;
[[nodiscard]] std::optional<Phase> phase_from_name(std::string_view text);

/// PostgreSQL's table lock modes, weakest first.
enum class LockMode {
  none,
  access_share,
  row_share,
  row_exclusive,
  share_update_exclusive,
  share,
  share_row_exclusive,
  exclusive,
  access_exclusive,
};
/// "ACCESS EXCLUSIVE"; empty for none.
[[nodiscard]] std::string_view name(LockMode mode) noexcept;
/// What an application cannot do meanwhile: "reads, writes", "writes", "".
[[nodiscard]] std::string_view blocks(LockMode mode) noexcept;

struct TableLock {
  sql::TableName table;
  LockMode mode = LockMode::none;

  friend bool operator==(const TableLock&, const TableLock&) = default;
};

/// Runs statements. `transactional` is false only for statements the server
/// refuses inside a transaction block; such a step holds exactly one, and it
/// is safe to repeat.
struct RunSql {
  std::vector<sql::Statement> statements;
  bool transactional = true;
  bool is_users = false;  ///< Text of a `sql` operation: runs with the
                          ///< search_path the connection arrived with.

  friend bool operator==(const RunSql&, const RunSql&) = default;
};

/// Builds one index with CREATE INDEX CONCURRENTLY. Counts as done only when
/// the index is valid; an invalid remnant is dropped first.
struct BuildIndex {
  sql::TableName table;
  sql::TableName index;
  sql::Statement create;
  bool is_unique = false;
  int key_columns = 1;  ///< With `columns` below: how a leftover of our own is
  int columns = 1;      ///< told from somebody else's index of that name.

  friend bool operator==(const BuildIndex&, const BuildIndex&) = default;
};

/// `column = value`; in `value` columns are read as `t.column`.
struct Assignment {
  sql::Identifier column;
  sql::Expression value;

  friend bool operator==(const Assignment&, const Assignment&) = default;
};

/// Rewrites rows window by window, one short transaction per batch.
///
///   UPDATE ONLY table AS t SET assign WHERE <window> AND (pending)
///
/// `pending` skips rows that are done, so starting over is safe.
struct BackfillRows {
  sql::TableName table;
  std::vector<Assignment> assign;
  sql::Expression pending;  ///< Over `t`: true for a row to do.
  /// No sync trigger keeps finished rows finished: repeat whole passes until
  /// one finds nothing to do.
  bool until_clean = false;
  /// session_replication_role = replica is safe for these assignments, so user
  /// triggers may be skipped where the role has the right to.
  bool may_skip_user_triggers = false;
  /// Columns that identify a row in quarantine; empty: its ctid.
  std::vector<sql::Identifier> key;

  friend bool operator==(const BackfillRows&, const BackfillRows&) = default;
};

/// One question verify asks of every row.
struct Comparison {
  std::string title;        ///< "status_v2 = status"
  sql::Expression differs;  ///< Over `t`: true for a row that is wrong.
  std::optional<Assignment> repair;  ///< What mends it; none: a person must.

  friend bool operator==(const Comparison&, const Comparison&) = default;
};

/// Fails the phase unless no row differs. Read-only.
struct CompareRows {
  sql::TableName table;
  std::vector<Comparison> before_switch;
  std::vector<Comparison> after_switch;  ///< Old side against down(new).
  std::vector<sql::Identifier> key;      ///< For the sample of keys.
  /// No trigger keeps a row right that is moved: all must be seen as of one
  /// moment.
  bool one_snapshot = false;
  bool may_skip_user_triggers = false;  ///< As BackfillRows', for repairs.

  friend bool operator==(const CompareRows&, const CompareRows&) = default;
};

/// Closed: a new member is a new case in the executor, the printer and the
/// decoder, and the compiler names them.
using Action = std::variant<RunSql, BuildIndex, BackfillRows, CompareRows>;

/// How long a step may run once it has its locks.
enum class Budget {
  hold,       ///< lock.hold: it blocks reads or writes.
  step,       ///< step.budget: it blocks only other DDL.
  unlimited,  ///< Concurrent builds, VALIDATE, backfill, verify.
};

/// What takes a step back; runs like a step of its own.
struct Undo {
  std::string title;
  std::vector<TableLock> locks;
  Budget budget = Budget::hold;
  Action action;

  friend bool operator==(const Undo&, const Undo&) = default;
};

/// One unit of progress: done entirely or not at all, recorded once done.
struct Step {
  std::string id;     ///< "expand-1". Same input, same id.
  std::string title;  ///< For the operator: "add column status_v2 …".
  Phase phase = Phase::expand;
  std::vector<TableLock> locks;  ///< Taken first, in this order.
  Budget budget = Budget::hold;
  Action action;
  /// An enforce step: begins to reject writes. If it fails, its undo and that
  /// of the enforce steps before it run, and the migration stays verified.
  bool enforces = false;
  std::vector<Undo> undo;          ///< In order; may be empty.
  std::vector<std::string> parts;  ///< Titles of what was merged, for plan.

  friend bool operator==(const Step&, const Step&) = default;
};

/// Rows that make rollback impossible (or contract): counted before it runs.
struct Gate {
  sql::Statement count;  ///< One row, one number; 0 opens the gate.
  std::string code;
  std::string message;  ///< "{} rows of public.t hold no value …"; {} = count.
  std::string hint;
  Phase since = Phase::expand;  ///< Asked only once this phase was entered.

  friend bool operator==(const Gate&, const Gate&) = default;
};

/// A table the plan works on.
struct PlannedTable {
  sql::TableName name;
  std::uint32_t oid = 0;
  std::vector<sql::Identifier> columns;  ///< Touched: for conflicts and drift.
  std::int64_t estimated_rows = 0;
  std::int64_t size_bytes = 0;
  std::int64_t indexes_size_bytes = 0;

  friend bool operator==(const PlannedTable&, const PlannedTable&) = default;
};

/// Everything a run does, decided before it starts. No connection, no closure:
/// printed by plan, stored by apply, executed from the store.
struct Plan {
  std::string id;
  std::string description;
  std::string spec_hash;
  std::vector<std::string> depends_on;
  std::vector<std::string> search_path;  ///< As it arrived, quoted parts.
  /// As they arrived: values are computed, and users' text is read, under them.
  sql::Settings settings{};
  std::string state_schema;
  std::vector<PlannedTable> tables;
  /// The names of what the plan puts beside what is the users': columns,
  /// constraints, indexes, triggers. What else is called so is not ours.
  std::vector<sql::Identifier> own{};
  std::vector<Step> steps;                   ///< In order of phase.
  std::vector<std::string> visible_because;  ///< Empty: switch is invisible.
  std::vector<std::string> not_undoable_because;  ///< Empty: undoable.
  sql::Settings values_depend_on{};  ///< Of `settings`; for people.
  std::vector<std::string> stays_after_rollback;  ///< "column x stays wider".
  std::vector<Gate> rollback_gates;
  /// The names that contract takes away: while code of the database has one,
  /// it is refused. Without those that the spec allows.
  std::vector<sql::ColumnName> names_to_miss{};
  std::vector<Diagnostic> hazards;
  /// What contract leaves of the catalog, as JSON that the planner made; see
  /// catalog/change_json.hpp. Empty: of a release that did not say so.
  std::string leaves;

  [[nodiscard]] std::vector<const Step*> steps_of(Phase phase) const;
  [[nodiscard]] bool is_visible() const { return !visible_because.empty(); }

  friend bool operator==(const Plan&, const Plan&) = default;
};

/// The format of stored plans that to_json() writes; from_json() reads it and
/// all before it.
inline constexpr int stored_format = 4;

/// Stable JSON for the state tables, with its format and our release in it.
[[nodiscard]] std::string to_json(const Plan& plan);
/// Reads what to_json() of this or an older release wrote. Members it does not
/// know are passed over; one that is missing gets its default if it is only for
/// people to read. Throws Error(internal, "plan.undecodable") on anything else,
/// with what is missing, and Error(refused, "plan.newer") on a newer format,
/// with the release to install. Both name `migration`, unless it is empty.
[[nodiscard]] Plan from_json(std::string_view text,
                             std::string_view migration = {});

/// What other migrations ask of a stored plan.
struct Outline {
  std::vector<std::string> depends_on;
  std::vector<sql::TableName> tables;
};
/// from_json() that needs no more of the text than this: its steps may be
/// unreadable.
[[nodiscard]] Outline outline_from_json(std::string_view text,
                                        std::string_view migration = {});

/// Every statement of an action as it is sent, for `plan --sql`. Batches are
/// shown with $1.. for the window.
[[nodiscard]] std::vector<sql::Statement> statements_of(const Action& action);

/// `UPDATE ONLY t AS t SET a = …` up to and without WHERE.
[[nodiscard]] std::string update_clause(const BackfillRows& fill);

}  // namespace pgexpand::plan
