#include "pgexpand/campaign/campaign.hpp"

#include "pgexpand/campaign/pace.hpp"
#include "pgexpand/campaign/workbench.hpp"
#include "pgexpand/pg/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

namespace pgexpand::campaign {
namespace {

void set_deadline(Target& target) {
  if (const auto limit = target.settings().runner_max_runtime) {
    target.stop().deadline = std::chrono::steady_clock::now() + *limit;
  }
}

}  // namespace

Campaign::Campaign(Target& target,
                   Files files,
                   const std::vector<std::string>& ids)
    : target_(target), reporter_(target.begin_run()), files_(files) {
  load(ids);
  set_deadline(target);
  if (files == Files::strict) {
    roster_ = look_first(target, specs_, ids, bad_files_);
  } else {
    begin();
  }
}

void Campaign::load(const std::vector<std::string>& ids) {
  if (files_ == Files::lenient) {
    specs_ = load_readable_specs(target_);
  } else if (!ids.empty()) {
    specs_ = load_specs(target_);
  } else {
    SoundSpecs sound = load_sound_specs(target_);
    specs_ = std::move(sound.specs);
    bad_files_ = std::move(sound.bad_files);
    unplanned_ = std::move(sound.problem);
    for (const std::string& file : bad_files_) {
      left_for_later_.push_back(fmt::format(
          "{} has errors, see above: `pgexpand lint` shows them again", file));
    }
  }
}

void Campaign::begin() {
  // Its connection is closed again before the runner opens its own.
  static_cast<void>(Workbench(target_, Access::write).arrival());
  runner_ = std::make_unique<exec::Runner>(
      exec::Runner::Options{.connect = target_.connect_options(false),
                            .state_schema = state_schema(target_),
                            .wait = target_.settings().runner_wait},
      *reporter_, target_.stop());
  try {
    roster_ = std::make_unique<Roster>(std::move(specs_), store().migrations());
  } catch (const Error& error) {
    check_not_fenced(error);
    throw;
  }
  if (files_ == Files::strict) {
    check_dependencies(target_, *roster_, bad_files_);
  }
}

state::Store Campaign::store() {
  return {runner_->work(), state_schema(target_)};
}

void Campaign::refresh() { roster_->update(store().migrations()); }

void Campaign::check_not_fenced(const Error& error) {
  if (error.kind() == ErrorKind::connection ||
      error.kind() == ErrorKind::in_doubt) {
    runner_->recover(std::chrono::milliseconds{0});
  }
}

void Campaign::check_stop() const {
  if (target_.stop().requested()) {
    throw Error(ErrorKind::interrupted, "run.interrupted",
                "stopped before the next migration")
        .hint("run the same command again to go on");
  }
}

exec::RunOptions Campaign::run_options(const std::string& id) {
  const Known* known = roster_->find(id);
  const spec::Settings settings =
      target_.settings_for(known == nullptr ? nullptr : known->spec);
  exec::RunOptions options;
  options.show_data = target_.connect_options(false).show_data;
  options.accept_drift = accept_drift;
  options.force = force;
  options.lock_timeout = settings.lock_timeout;
  options.lock_hold = settings.lock_hold;
  options.column_order_is_free = settings.column_order == "free";
  options.lock_budget = settings.lock_budget;
  options.step_budget = settings.step_budget;
  options.contract_after = settings.contract_after;
  options.pace = pace_of(settings);
  return options;
}

void Campaign::refuse_changed_specs(
    const std::vector<const Known*>& migrations) const {
  for (const Known* known : migrations) {
    if (!known->spec_changed()) {
      continue;
    }
    throw Error(
        ErrorKind::refused, "apply.spec-changed",
        fmt::format("{} was edited after it was started", known->spec->file))
        .detail(spec_difference(known->stored->spec_text, known->spec->text))
        .hint(fmt::format("put the file back as it was, or run `pgexpand "
                          "rollback {}` and then `pgexpand apply`",
                          known->id));
  }
}

void Campaign::go_on(const std::string& id, std::optional<plan::Phase> target) {
  check_stop();
  exec::RunOptions options = run_options(id);
  options.through = target.value_or(plan::Phase::switch_over);
  options.through_is_explicit = target.has_value();
  try {
    const auto result = exec::run(id, options, *runner_, state_schema(target_),
                                  *reporter_, target_.stop());
    refresh();
    conclude(id, result);
  } catch (const Error& error) {
    tell(roster_->get(id),
         error.kind() == ErrorKind::interrupted ? Outcome::interrupted
                                                : Outcome::failed,
         error.message());
    throw;
  }
}

void Campaign::conclude(const std::string& id, const exec::RunResult& result) {
  const Known& known = roster_->get(id);
  switch (result.outcome) {
    case exec::RunOutcome::reached:
      tell(known, Outcome::reached, "");
      return;
    case exec::RunOutcome::stopped_at_switch:
      tell(known, Outcome::stopped_before_switch, "");
      return;
    case exec::RunOutcome::interrupted:
      throw Error(ErrorKind::interrupted, "run.interrupted",
                  fmt::format("{} stopped early; its progress is saved", id))
          .hint("run the same command again to go on");
    case exec::RunOutcome::paused:
      throw Error(ErrorKind::interrupted, "run.paused",
                  fmt::format("{} was paused by {}", id, result.paused_by))
          .hint(fmt::format("run `pgexpand resume {}` to go on", id));
  }
}

void Campaign::leave(const std::string& id,
                     const std::string& reason,
                     std::optional<Error> problem) {
  reporter_->on(report::MigrationSkipped{id, reason});
  tell(roster_->get(id), Outcome::left, reason);
  const bool is_first = problem && !problem_;
  const bool is_graver = problem && problem->kind() == ErrorKind::refused &&
                         problem_ && problem_->kind() != ErrorKind::refused;
  if (is_first || is_graver) {
    problem_ = std::move(problem);
  }
}

void Campaign::note(const std::string& id, Outcome outcome) {
  tell(roster_->get(id), outcome, "");
}

void Campaign::tell(const Known& known,
                    Outcome outcome,
                    const std::string& reason) {
  did_something_ = did_something_ || outcome != Outcome::unchanged;
  moved_ = moved_ || outcome == Outcome::reached ||
           outcome == Outcome::stopped_before_switch;
  target_.conclude(known, outcome, reason);
}

bool Campaign::finish() {
  if (problem_) {
    throw Error(*problem_);
  }
  if (unplanned_ && !moved_) {
    throw Error(*unplanned_);
  }
  return did_something_;
}

}  // namespace pgexpand::campaign
