// BackfillRows and CompareRows: the walks are the backfill module's; here they
// are started, stopped and recorded.
#include "exec/walks.hpp"

#include "exec/task.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

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
    message += fmt::format("; {} rows are in quarantine",
                           human_count(result.quarantined));
  }
  Error error(ErrorKind::verification, "verify.differences", message);
  if (!result.sample_keys.empty()) {
    error = std::move(error).detail(
        fmt::format("{}: {}", job.options.show_data ? "keys" : "ctids",
                    fmt::join(result.sample_keys, ", ")));
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
              [&job, role = acting_role(job)] { return open_as(job, role); }};
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
  if (!job.options.show_data) {
    action.key.clear();  // a key is a value of a row: name rows by ctid
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
