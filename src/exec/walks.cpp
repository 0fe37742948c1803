// BackfillRows and CompareRows: the walks are the backfill module's; here they
// are started, stopped and recorded.
#include "exec/walks.hpp"

#include "exec/task.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using backfill::CompareResult;
using backfill::Outcome;

// False if the step is recorded as done already.
bool begin(Job& job, Task& task) {
  task.look();
  bool is_done = false;
  job.record([&](state::Store& store) {
    is_done = task.is_done(store);
    if (!is_done) {
      task.prepare(store);
      task.record_intent(store);
    }
  });
  return !is_done;
}

/// A key is a value of a row. A number or a UUID tells nobody anything; others
/// are shown on request, and the row is named by its ctid.
bool may_show_keys(const Job& job, const plan::CompareRows& action) {
  if (action.key.empty() || job.options.show_data) {
    return !action.key.empty();
  }
  std::vector<std::string> columns;
  for (const sql::Identifier& column : action.key) {
    columns.push_back(sql::quote_literal(column.name()));
  }
  return job.session()
             .run(sql::Statement::of(
                 "SELECT count(*) = {} FROM pg_attribute AS a"
                 " JOIN pg_type AS t ON t.oid = a.atttypid"
                 " WHERE a.attrelid = to_regclass({}) AND a.attname IN ({})"
                 " AND t.typname IN ('int2', 'int4', 'int8', 'uuid')"
                 " AND t.typnamespace = 'pg_catalog'::regnamespace",
                 static_cast<std::int64_t>(action.key.size()),
                 sql::Literal{action.table.quoted()},
                 sql::Expression{fmt::format("{}", fmt::join(columns, ", "))}))
             .single() == "t";
}

/// What failed has nothing that would mend it: the way back loses something.
bool nothing_repairs(const plan::CompareRows& action,
                     const CompareResult& result) {
  const auto repairs = [&](const std::vector<plan::Comparison>& comparisons) {
    return std::ranges::any_of(comparisons, [&](const auto& comparison) {
      return comparison.repair &&
             std::ranges::find(result.titles, comparison.title) !=
                 result.titles.end();
    });
  };
  return result.quarantined == 0 && !repairs(action.before_switch) &&
         !repairs(action.after_switch);
}

/// "3 by constraint t_a_check, 2 with SQLSTATE 22P02".
std::string causes(const Job& job, const sql::TableName& table) {
  std::vector<std::string> texts;
  for (const auto& cause :
       job.store().quarantine_causes(job.id, table.display())) {
    texts.push_back(fmt::format("{} {}", human_count(cause.rows),
                                cause.constraint.empty()
                                    ? "with SQLSTATE " + cause.sqlstate
                                    : "by constraint " + cause.constraint));
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

Error differs(const Job& job,
              const plan::CompareRows& action,
              const CompareResult& result) {
  std::string message =
      fmt::format("{} of {} rows of {} differ", human_count(result.differences),
                  human_count(result.rows), action.table.display());
  if (!result.titles.empty()) {
    message += fmt::format(": {}", fmt::join(result.titles, ", "));
  }
  if (result.quarantined > 0) {
    message +=
        fmt::format("; {} rows are in quarantine ({})",
                    human_count(result.quarantined), causes(job, action.table));
  }
  Error error(ErrorKind::verification, "verify.differences", message);
  if (!result.sample_keys.empty()) {
    error = std::move(error).detail(
        fmt::format("{}: {}", may_show_keys(job, action) ? "keys" : "ctids",
                    fmt::join(result.sample_keys, ", ")));
  }
  if (nothing_repairs(action, result)) {
    return std::move(error).hint(fmt::format(
        "mend these rows by hand, or run `pgexpand rollback {}` and change "
        "`up` or `down`, or add `allow: [lossy]` if their old values may go",
        job.id));
  }
  return std::move(error).hint(
      fmt::format("run pgexpand verify {} --repair", job.id));
}

void add(CompareResult& sum, const CompareResult& one) {
  constexpr std::size_t most_keys = 10;
  sum.outcome = one.outcome;
  sum.paused_by = one.paused_by;
  sum.rows += one.rows;
  sum.differences += one.differences;
  sum.quarantined += one.quarantined;
  sum.titles.insert(sum.titles.end(), one.titles.begin(), one.titles.end());
  for (const std::string& key : one.sample_keys) {
    if (sum.sample_keys.size() < most_keys) {
      sum.sample_keys.push_back(key);
    }
  }
}

}  // namespace

namespace {

backfill::Pace pace_of(const Job& job) {
  backfill::Pace pace = job.options.pace;
  pace.limits.search_path =
      fmt::format("{}", fmt::join(job.plan.search_path, ", "));
  return pace;
}

// Of the work session, as SET ROLE left it; empty: its own.
std::string acting_role(Job& job) {
  return job.session()
      .run(sql::Statement::of("SELECT CASE WHEN current_user <> session_user"
                              " THEN current_user END"))
      .single()
      .value_or("");
}

std::shared_ptr<pg::Session> open_as(Job& job, const std::string& role) {
  auto session = job.bench.open_session();
  if (!role.empty()) {
    session->run(sql::Statement::of("SET ROLE {}", sql::Identifier(role)));
  }
  return session;
}

}  // namespace

backfill::Walk walk_of(Job& job, const std::string& step) {
  return {.migration = job.id,
          .step = step,
          .epoch = job.epoch,
          .state_schema = job.schema,
          .session = job.session(),
          .reporter = job.reporter,
          .should_stop =
              [&job] { return job.stop.requested() || job.bench.lost(); },
          .sleep = [&job](milliseconds time) { job.bench.sleep(time); },
          .open_session =
              [&job, role = acting_role(job)] { return open_as(job, role); },
          .settings = sql::only_values(job.plan.settings)};
}

bool is_clean(const CompareResult& result) {
  return result.differences == 0 && result.quarantined == 0;
}

void report_comparison(Job& job,
                       const plan::CompareRows& action,
                       const CompareResult& result,
                       std::int64_t repaired) {
  job.reporter.on(report::VerifyResult{.id = job.id,
                                       .table = action.table.display(),
                                       .rows = result.rows,
                                       .differences = result.differences,
                                       .repaired = repaired,
                                       .quarantined = result.quarantined,
                                       .sample_keys = result.sample_keys});
}

CompareResult compare_and_repair(
    Job& job,
    const std::string& step,
    const plan::CompareRows& asked,
    const std::vector<plan::Comparison>& comparisons) {
  plan::CompareRows action = asked;
  if (!may_show_keys(job, asked)) {
    action.key.clear();
  }
  const Watching watching(job.bench,
                          {.migration = job.id,
                           .what = "a batch",
                           .cancel_on_stop = false,
                           .limit = std::nullopt},
                          job.reporter);
  const auto start_over = [&] {
    job.record(
        [&](state::Store& store) { store.clear_progress(job.id, step); });
  };
  const auto compare = [&] {
    CompareResult compared = backfill::compare(
        action, comparisons, walk_of(job, step), pace_of(job));
    // Of this table: another one's rows are for its own comparison.
    compared.quarantined =
        job.store().quarantine_count(job.id, action.table.display());
    return compared;
  };
  CompareResult result = compare();
  std::int64_t repaired = 0;
  if (result.outcome == Outcome::done && !is_clean(result) &&
      job.options.repair) {
    start_over();
    repaired = backfill::repair(asked, comparisons,
                                walk_of(job, step + ":repair"), pace_of(job));
    reach(FaultPoint::repair_walked);
    job.check();
    result = compare();
  }
  const bool is_stale = result.outcome == Outcome::done &&
                        result.differences == 0 && result.quarantined > 0 &&
                        !comparisons.empty() && !job.is_switched();
  if (is_stale) {
    // Every row is right: what is listed was mended or deleted by hand. What
    // fails from now on is listed anew, so all must be looked at once more.
    job.record([&](state::Store& store) {
      store.clear_quarantine(job.id, action.table.display());
    });
    start_over();
    result = compare();
  }
  if (result.outcome == Outcome::done) {
    report_comparison(job, action, result, repaired);
    if (!is_clean(result)) {
      start_over();
    }
  }
  return result;
}

CompareResult compare_all(Job& job) {
  CompareResult sum;
  for (const plan::Step& step : job.plan.steps) {
    const auto* action = std::get_if<plan::CompareRows>(&step.action);
    if (action == nullptr || job.has_lost(action->table)) {
      continue;
    }
    const auto& comparisons =
        job.is_switched() ? action->after_switch : action->before_switch;
    if (comparisons.empty()) {
      continue;
    }
    // A cursor of its own: the phase's may be half-way.
    const std::string cursor = step.id + ":now";
    job.record(
        [&](state::Store& store) { store.clear_progress(job.id, cursor); });
    add(sum, compare_and_repair(job, cursor, *action, comparisons));
    if (sum.outcome != Outcome::done) {
      return sum;
    }
  }
  return sum;
}

TaskResult fill_rows(Job& job, Task& task, const plan::BackfillRows& fill) {
  if (!begin(job, task)) {
    return {};
  }
  reach(FaultPoint::fill_begun);
  const Watching watching(job.bench,
                          {.migration = job.id,
                           .what = "a batch",
                           .cancel_on_stop = false,
                           .limit = std::nullopt},
                          job.reporter);
  const auto result =
      backfill::fill(fill, walk_of(job, task.step().id), pace_of(job));
  reach(FaultPoint::fill_walked);
  if (result.outcome == Outcome::done) {
    job.record([&](state::Store& store) { task.record_done(store); });
  }
  return {.outcome = result.outcome, .paused_by = result.paused_by};
}

TaskResult compare_rows(Job& job,
                        Task& task,
                        const plan::CompareRows& compare) {
  if (!begin(job, task)) {
    return {};
  }
  reach(FaultPoint::comparison_begun);
  const auto result =
      compare_and_repair(job, task.step().id, compare, compare.before_switch);
  reach(FaultPoint::comparison_walked);
  if (result.outcome == Outcome::done && !is_clean(result)) {
    job.record([&](state::Store& store) {
      store.set_verify_result(job.id, false, result.rows, result.differences);
    });
    throw differs(job, compare, result);
  }
  if (result.outcome == Outcome::done) {
    job.record([&](state::Store& store) { task.record_done(store); });
  }
  return {.outcome = result.outcome, .paused_by = result.paused_by};
}

}  // namespace pgexpand::exec
