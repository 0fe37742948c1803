#pragma once

#include "pgexpand/base/error.hpp"
#include "pgexpand/pg/session.hpp"
#include "pgexpand/plan/plan.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::state {

/// The version of the state schema this build reads and writes.
inline constexpr int state_version = 5;

/// Settings of a walk by name, as backfill::values_of() has them.
using WalkSettings = std::map<std::string, std::int64_t>;

/// Where a migration is. `phase` is the last one completed.
enum class Status {
  pending,       ///< Never started, or rolled back.
  in_progress,   ///< Started; see `phase`.
  contracted,    ///< Done for good.
  rolling_back,  ///< rollback started and was interrupted.
};
[[nodiscard]] std::string_view name(Status status) noexcept;

struct Migration {
  std::string id;
  Status status = Status::pending;
  std::optional<plan::Phase> completed;  ///< Last phase complete.
  std::optional<plan::Phase> running;    ///< Entered, not complete.
  std::optional<plan::Phase> through;    ///< --through it was started with.
  std::int64_t epoch = 0;  ///< Grows with each runner; fences older ones.
  std::string spec_text, spec_hash;
  /// As it was stored: of a contracted migration perhaps long ago, so it is
  /// decoded only for who asks. None: it was never started.
  std::optional<std::string> plan_text;
  std::string plan_hash;
  bool is_visible = false;
  bool paused = false;
  std::string paused_by;
  std::string poison;     ///< Why only a person may go on; empty: nothing.
  WalkSettings live;      ///< Changed by `set`; the others as the run has them.
  WalkSettings in_force;  ///< Of the last walk, without what is in `live`.
  std::string started_at, switched_at, updated_at;  ///< RFC 3339 UTC or empty.
  std::optional<bool> verify_clean;  ///< Last full verify; none: never ran.
  std::string verify_at;
  std::int64_t verify_rows = 0, verify_differences = 0;

  /// The stored plan, decoded by this call. Throws as plan::from_json() does.
  [[nodiscard]] std::optional<plan::Plan> plan() const;
  /// Of the same, what other migrations mind.
  [[nodiscard]] std::optional<plan::Outline> outline() const;
};

enum class StepStatus { pending, running, done, undone, failed };
[[nodiscard]] std::string_view name(StepStatus status) noexcept;

struct StepRecord {
  std::string step;
  StepStatus status = StepStatus::pending;
  int attempts = 0;
  std::string last_sqlstate;
  int undo_done = 0;  ///< How many of the step's undos are done.
};

/// Where a walk (backfill or verify) is in one range of one table's blocks. The
/// ranges of a step are disjoint and cover its tables; see backfill/ranges.hpp.
struct Progress {
  std::string migration, step;
  int worker = 0;             ///< The range's number in its step.
  std::int64_t relation = 0;  ///< Oid of the table or leaf.
  std::int64_t relfilenode = 0;
  std::int64_t first_block = 0;
  std::int64_t bound_block = 0;  ///< End of the range.
  std::int64_t next_block = 0;   ///< Window to do next starts here.
  std::int64_t blocks_done = 0;  ///< Of the range, for display: passes count.
  std::string key_after;         ///< Key order: JSON array; empty: the start.
  std::string key_bound;         ///< Last key to do; empty: HOT windows.
  int pass = 0;                  ///< Of the window; the last is the sweep.
  int round = 0;                 ///< Whole walks finished (until_clean).
  std::int64_t round_rows = 0;   ///< Rows written in this round.
  std::int64_t rows = 0;         ///< Written or compared, all rounds.
  std::int64_t differences = 0;  ///< Verify.
  std::int64_t quarantined = 0;
  std::int64_t wal_bytes = 0;
  std::int64_t hot_rows = 0;
  std::int64_t rows_per_second = 0;  ///< Of the whole step, when written.
  std::int64_t eta_ms = -1;          ///< Of the whole step; -1: unknown.
  std::int64_t eta_before_ms = -1;   ///< What it was ten minutes earlier.
  std::string waiting_for;
  std::string updated_at;
  bool done = false;
};

struct Event {
  std::string at, migration, kind, detail;  ///< detail: a JSON object.
};

struct QuarantinedRow {
  std::string table, key, sqlstate, at;
};

/// Why rows are in quarantine.
struct QuarantineCause {
  std::string sqlstate;
  std::string constraint;  ///< What they violate; may be empty.
  std::int64_t rows = 0;
};

/// See exec::stamp_of(); as array literals.
struct CatalogStamp {
  std::string stored;   ///< Empty: none was noted.
  bool is_due = false;  ///< The fingerprint is older than `stored`.
  std::string now;
};

/// Who has, or had last, the lease on this state schema.
struct RunnerRecord {
  std::int64_t epoch = 0;  ///< Grows with each lease; 0: nobody yet.
  int control_pid = 0;     ///< Backend that holds the lease.
  std::string control_start;
  int work_pid = 0;  ///< Backend that does the work.
  std::string work_start;
  std::string host;  ///< Of the process, not of the server.
  int process = 0;   ///< Its pid there.
  std::string started_at;
};

/// A schema of views and the schema whose tables it shows.
struct VersionSchema {
  std::string base, schema;
};

/// What a migration in views mode published: its version of the schemas.
struct PublishedVersion {
  std::string migration;
  std::int64_t position = 0;           ///< In the order of publication.
  std::vector<VersionSchema> schemas;  ///< Those that exist, by base schema.
  /// Same views under `versions_alias`; of an older version: put aside.
  std::vector<VersionSchema> aliases;
  std::string alias;         ///< `versions_alias` it had; empty: none.
  std::string shape;         ///< JSON of note_version(); empty: contracted.
  bool is_softened = false;  ///< Nobody has rights on it: contract --soft.
  std::string published_at;  ///< RFC 3339 UTC.

  [[nodiscard]] bool is_contracted() const { return shape.empty(); }
};

/// The DDL of the state schema, for init and `init --print-sql`. Idempotent
/// only as a whole: run it when read_version() said there is none.
[[nodiscard]] std::vector<sql::Statement> create_statements(
    const sql::Identifier& schema);

/// What a state schema of version `from` lacks: one step after the other, and
/// the new number.
[[nodiscard]] std::vector<sql::Statement> upgrade_statements(
    const sql::Identifier& schema, int from);

/// Lets `role` call the functions of the state schema, which nobody but its
/// owner may.
[[nodiscard]] sql::Statement share_functions(const sql::Identifier& schema,
                                             const sql::Identifier& role);

/// The advisory lock that is the lease of a state schema: one key a name, the
/// same in every database and release.
[[nodiscard]] std::int64_t lease_key(const sql::Identifier& schema);

/// The error of a runner whose epoch is gone: another one took over.
[[nodiscard]] Error fenced(const std::string& migration);

/// What the state tables hold as a JSON object of numbers.
[[nodiscard]] WalkSettings read_settings(const std::string& json);

/// SQLSTATEs that functions of the state schema raise where a batch or a step
/// must not act; see fence_functions.cpp.
namespace refusal {
inline constexpr const char* fenced = "PGX01";     ///< Another took over.
inline constexpr const char* paused = "PGX02";     ///< Somebody paused it.
inline constexpr const char* changed = "PGX03";    ///< Not as it was read.
inline constexpr const char* rewritten = "PGX04";  ///< Is another file now.
inline constexpr const char* moved = "PGX05";      ///< The cursor is elsewhere.
}  // namespace refusal

/// The state tables of one schema, through one session. Stateless: every call
/// is a query. Calls marked (in transaction) must run inside the caller's, and
/// those that answer nothing are queued there: they go with the next statement.
class Store {
 public:
  Store(pg::Session& session, sql::Identifier schema)
      : session_(session), schema_(std::move(schema)) {}

  /// None: there is no state schema. May be higher than state_version.
  [[nodiscard]] std::optional<int> read_version();
  /// Creates the schema if it is missing, tolerating a rival that does the
  /// same. Brings a schema of an older build up to date, which nobody may be
  /// at work in: Error(busy, "state.upgrade-waits"). Throws
  /// Error(refused) if the schema belongs to a role we are not a
  /// member of, is newer than this build, or may not be created (with the
  /// GRANT that helps).
  void ensure();
  /// What ensure() would throw as Error(refused) now; nullopt: nothing.
  /// Changes nothing.
  [[nodiscard]] std::optional<Error> obstacle();

  [[nodiscard]] std::vector<Migration> migrations();
  [[nodiscard]] std::optional<Migration> migration(const std::string& id);
  /// Oldest first; the last one is the newest. Empty too where the state schema
  /// is missing or older than versions.
  [[nodiscard]] std::vector<PublishedVersion> versions();
  [[nodiscard]] std::vector<StepRecord> steps(const std::string& id);
  [[nodiscard]] std::vector<Progress> progress(const std::string& id);
  [[nodiscard]] std::vector<Event> events(const std::optional<std::string>& id);
  [[nodiscard]] std::vector<QuarantinedRow> quarantine(const std::string& id,
                                                       int limit);
  /// Of one table, as TableName::display() words it, or of all.
  /// Of one table's rows, the most frequent one first.
  [[nodiscard]] std::vector<QuarantineCause> quarantine_causes(
      const std::string& id, const std::string& table);
  [[nodiscard]] std::int64_t quarantine_count(
      const std::string& id, const std::optional<std::string>& table = {});

  /// Stores the plan and makes the migration in_progress. Throws Error(busy,
  /// "state.already-started") if it is not pending. (in transaction)
  void start(const plan::Plan& plan,
             const std::string& spec_text,
             std::optional<plan::Phase> through);
  /// Locks the migration's row (shared: a take-over waits) and checks that
  /// `epoch` still is ours; throws Error(busy, "runner.fenced") if not. (in
  /// transaction)
  void fence(const std::string& id, std::int64_t epoch);
  /// Takes the migration for a new runner. Returns the new epoch.
  std::int64_t take_over(const std::string& id);

  /// Replaces --through, for a migration that is resumed.
  void set_through(const std::string& id, std::optional<plan::Phase> through);
  /// Changes settings of a running walk, from its next batch on.
  void set_live(const std::string& id, const WalkSettings& changes);
  /// What the run was started with, for status. (in transaction)
  void set_in_force(const std::string& id, const WalkSettings& settings);

  [[nodiscard]] RunnerRecord runner();
  /// Replaces the runner's row and fences every started migration. `before` is
  /// the epoch that was read under the lease; if another runner came meanwhile
  /// throws Error(busy, "runner.fenced"). Returns the new epoch. (in tr.)
  std::int64_t register_runner(const RunnerRecord& record, std::int64_t before);
  /// Notes a further backend of the runner with this epoch, so that the next
  /// one can end it. Throws Error(busy, "runner.fenced") if it is not ours.
  void add_backend(std::int64_t epoch,
                   int pid,
                   const std::string& backend_start);

  /// Lines of catalog::fingerprint, each with its table; empty: never stored.
  [[nodiscard]] std::vector<std::string> fingerprint(const std::string& id);
  /// As it was before expand.
  [[nodiscard]] std::vector<std::string> fingerprint_before(
      const std::string& id);
  /// What all other migrations, ended ones too, call or called their own things
  /// in users' tables.
  [[nodiscard]] std::vector<std::string> names_of_others(const std::string& id);
  /// Stores a fingerprint and the stamp that goes with it; the first one stored
  /// is also kept as the one before. (in transaction)
  void set_fingerprint(const std::string& id,
                       const std::vector<std::string>& lines,
                       const std::string& stamp);
  /// What exec::stamp_of() answers now, and what it did when it was noted.
  [[nodiscard]] CatalogStamp stamp(const std::string& id,
                                   const sql::Expression& now);
  /// Notes the stamp as it is; a fingerprint is due if it is another one than
  /// before. (in transaction)
  void note_stamp(const std::string& id, const sql::Expression& now);

  /// `running` and `failed` count an attempt.
  void set_step(const std::string& id,
                const std::string& step,
                StepStatus status,
                const std::string& sqlstate = {});  // (in transaction)
  void set_undo_done(const std::string& id,
                     const std::string& step,
                     int undo_done);  // (in transaction)
  void enter_phase(const std::string& id, plan::Phase phase);     // (in tr.)
  void complete_phase(const std::string& id, plan::Phase phase);  // (in tr.)
  void set_verify_result(const std::string& id,
                         bool clean,
                         std::int64_t rows,
                         std::int64_t differences);  // (in transaction)
  /// Makes `phase` incomplete again: a later verify was not clean. (in tr.)
  void reopen_phase(const std::string& id, plan::Phase phase);
  void set_rolling_back(const std::string& id);  // (in transaction)
  /// Forgets steps, progress and quarantine; pending again. (in transaction)
  void finish_rollback(const std::string& id);
  void set_paused(const std::string& id, bool paused, const std::string& by);

  void save_progress(const Progress& progress);  ///< Upsert. (in transaction)
  /// Forgets a step's cursors: its walk starts over. (in transaction)
  void clear_progress(const std::string& id, const std::string& step);

  /// What a batch must know, read and locked with one query that also answers
  /// `counters`: throws Error(busy, "runner.fenced") when the epoch is not
  /// ours. (in transaction)
  struct BatchOrders {
    bool pause = false;
    std::string paused_by;
    WalkSettings live;
    pg::Row counters;
  };
  [[nodiscard]] BatchOrders begin_batch(const std::string& id,
                                        std::int64_t epoch,
                                        const sql::Expression& counters = {
                                            "NULL"});
  /// The same as a statement of a batch that is sent in one go: answers the
  /// live settings, then `counters`. Raises refusal::fenced, ::paused and, if
  /// the cursor is not where `before` has it, ::moved.
  void queue_orders(const Progress& before,
                    std::int64_t epoch,
                    const sql::Expression& counters);
  /// What a batch does, in one statement with its cursor.
  struct Work {
    sql::Expression with{};  ///< "done AS (UPDATE … RETURNING 1)"; or empty.
    /// A query of one row: rows, differences, quarantined, found (text).
    sql::Expression counts;
  };
  /// Queues `work` and the cursor behind it, `after`, whose counts are those
  /// before. Answers what was counted, then `counters`. (in transaction)
  void queue_advance(const Progress& after,
                     const Work& work,
                     const sql::Expression& counters);
  /// A wait without a batch, for status elsewhere. (in transaction)
  void set_waiting(const Progress& progress, const std::string& reason);
  void add_quarantine(const std::string& id,
                      const std::string& table,
                      const std::string& key,
                      const std::string& sqlstate);  // (in transaction)
  void clear_quarantine(const std::string& id,
                        const std::string& table);  // (in transaction)
  void add_event(const std::string& id,
                 const std::string& kind,
                 const std::string& json_detail);

  [[nodiscard]] const sql::Identifier& schema() const { return schema_; }

 private:
  [[nodiscard]] std::vector<std::string> lines_of(
      const std::string& id, const sql::Identifier& column);

  pg::Session& session_;
  sql::Identifier schema_;
};

}  // namespace pgexpand::state
