// CREATE INDEX CONCURRENTLY: record the intent, look, act, look again, record.
// A build that fails leaves an invalid index behind, which may still reject
// duplicates in the application's writes: it is dropped at once.
#include "exec/alone.hpp"
#include "exec/sqlstate.hpp"
#include "exec/task.hpp"
#include "pgexpand/base/fault.hpp"

#include <fmt/format.h>

namespace pgexpand::exec {
namespace {

using plan::BuildIndex;
using sql::Statement;

enum class Found { nothing, ours, remnant, foreign };

/// What stands under the index's name now.
struct Standing {
  bool exists = false;
  bool is_index = false;
  bool is_valid = false;
  bool has_our_shape = false;
};

class IndexBuild {
 public:
  IndexBuild(Job& job, Task& task, const BuildIndex& build)
      : job_(job), task_(task), build_(build) {}

  void operator()() {
    if (record_intent()) {
      return;
    }
    reach(FaultPoint::index_begun);
    if (look() == Found::remnant) {
      reach(FaultPoint::index_remnant_found);
      drop_remnant();
    }
    if (look() == Found::nothing) {
      create();
    }
    reach(FaultPoint::index_built);
    if (look() != Found::ours) {
      throw Error(ErrorKind::database, "index.not-valid",
                  fmt::format("index {} is not valid after its build",
                              build_.index.display()))
          .hint("run the same command again");
    }
    job_.record([&](state::Store& store) { task_.record_done(store); });
  }

 private:
  // True if there is nothing left to do.
  bool record_intent() {
    task_.look();
    bool is_done = false;
    job_.record([&](state::Store& store) {
      is_done = task_.is_done(store);
      if (is_done) {
        return;
      }
      const Standing seen = task_.was_begun(store) ? Standing{} : standing();
      if (seen.exists) {
        throw name_taken(seen);
      }
      task_.prepare(store);
      task_.record_intent(store);
    });
    return is_done;
  }

  [[nodiscard]] Standing standing() {
    const auto found = job_.session().run(
        Statement::of(
            "SELECT coalesce(i.indisvalid AND i.indisready, false),"
            " coalesce(i.indrelid = pg_catalog.to_regclass($3)"
            " AND i.indisunique = $4 AND i.indnkeyatts = $5"
            " AND i.indnatts = $6, false), i.indexrelid IS NOT NULL"
            " FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n"
            " ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index AS i"
            " ON i.indexrelid = c.oid WHERE n.nspname = $1 AND c.relname = $2"),
        {build_.index.schema.name(), build_.index.name.name(),
         build_.table.quoted(), build_.is_unique ? "true" : "false",
         std::to_string(build_.key_columns), std::to_string(build_.columns)});
    if (found.rows.empty()) {
      return {};
    }
    return {.exists = true,
            .is_index = found.rows[0].at(2) == "t",
            .is_valid = found.rows[0].at(0) == "t",
            .has_our_shape = found.rows[0].at(1) == "t"};
  }

  [[nodiscard]] Found look() {
    const Standing seen = standing();
    if (!seen.exists) {
      return Found::nothing;
    }
    if (!seen.has_our_shape) {
      throw name_taken(seen);
    }
    return seen.is_valid ? Found::ours : Found::remnant;
  }

  void create() {
    try {
      run_outside_transaction(job_, task_, build_.create,
                              [&] { drop_if_remnant(); });
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::connection && !job_.bench.lost()) {
        clean_up(error);
      }
      if (error.sqlstate() == "23505") {
        throw duplicates();
      }
      throw;
    }
  }

  void drop_if_remnant() {
    if (look() == Found::remnant) {
      drop_remnant();
    }
  }

  void drop_remnant() { run_outside_transaction(job_, task_, drop()); }

  // The first error is the one to report, whatever happens here. After a stop
  // request nobody waits for old readers; the next run drops the remnant.
  void clean_up(const Error& cause) {
    constexpr std::int64_t patience_ms = 5'000;
    try {
      if (look() != Found::remnant) {
        return;
      }
      if (cause.kind() != ErrorKind::interrupted) {
        drop_remnant();
        return;
      }
      job_.session().run(
          Statement::of("SET statement_timeout = {}", patience_ms));
      job_.session().run(drop());
    } catch (const Error& error) {
      job_.reporter.on(report::Warning{
          .id = job_.id,
          .code = "index.remnant",
          .message = fmt::format("the invalid index {} is left behind: {}",
                                 build_.index.display(), error.message()),
          .hint = "run the same command again: it is dropped first"});
    }
  }

  [[nodiscard]] Statement drop() const {
    return Statement::of("DROP INDEX CONCURRENTLY IF EXISTS {}", build_.index);
  }

  [[nodiscard]] Error name_taken(const Standing& seen) const {
    if (seen.is_index && !seen.is_valid) {
      return Error(ErrorKind::refused, "index.leftover",
                   fmt::format(
                       "index {} exists already and is INVALID: a "
                       "concurrent build left it behind, or is still at it",
                       build_.index.display()))
          .hint(fmt::format("DROP INDEX CONCURRENTLY {}, then run the same "
                            "command again",
                            build_.index.quoted()));
    }
    return Error(ErrorKind::refused, "index.name-taken",
                 fmt::format("{} exists already and is not the index that "
                             "step {} builds",
                             build_.index.display(), task_.step().id))
        .hint("rename or drop it, then run the same command again");
  }

  [[nodiscard]] Error duplicates() const {
    return Error(ErrorKind::database, "index.duplicates",
                 fmt::format("unique index {} cannot be built: rows of {} "
                             "hold the same values",
                             build_.index.display(), build_.table.display()))
        .sqlstate("23505")
        .hint(fmt::format("mend the duplicate rows of {}, then run the same "
                          "command again",
                          build_.table.display()));
  }

  Job& job_;
  Task& task_;
  const BuildIndex& build_;
};

}  // namespace

void build_index(Job& job, Task& task, const BuildIndex& build) {
  IndexBuild(job, task, build)();
}

}  // namespace pgexpand::exec
