#include "cli/commands/status_view.hpp"

#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>
#include <optional>

namespace pgexpand::cli {
namespace {

using campaign::Known;
using campaign::Standing;

using report::Json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json(nullptr) : Json(text);
}

Json number_or_null(std::int64_t number) {
  return number < 0 ? Json(nullptr) : Json(number);
}

/// The settings of the walk, with the live changes.
Json settings_json(const state::Migration& stored) {
  Json json = Json::object();
  for (const auto& settings : {stored.in_force, stored.live}) {
    for (const auto& [name, value] : settings) {
      json[name] = number_or_null(value);
    }
  }
  return json;
}

Json phase_or_null(const std::optional<plan::Phase>& phase) {
  return phase ? Json(plan::name(*phase)) : Json(nullptr);
}

/// The ranges of one step, added up.
struct StepProgress {
  std::int64_t rows = 0;
  std::int64_t blocks_done = 0;
  std::int64_t blocks = 0;
  state::Progress latest;  ///< Of the range that was written last.
  std::vector<std::string> waiting_for;
};

/// Of the first step that is not done; none: none is under way.
std::optional<StepProgress> under_way(const std::vector<state::Progress>& all) {
  const auto first = std::ranges::find(all, false, &state::Progress::done);
  if (first == all.end()) {
    return std::nullopt;
  }
  StepProgress sum;
  for (const state::Progress& range : all) {
    if (range.step != first->step) {
      continue;
    }
    const auto blocks = range.bound_block - range.first_block;
    sum.rows += range.rows;
    sum.blocks += blocks;
    sum.blocks_done += range.done ? blocks : range.blocks_done;
    if (range.updated_at > sum.latest.updated_at) {
      sum.latest = range;
    }
    if (!range.done && !range.waiting_for.empty() &&
        std::ranges::find(sum.waiting_for, range.waiting_for) ==
            sum.waiting_for.end()) {
      sum.waiting_for.push_back(range.waiting_for);
    }
  }
  return sum;
}

std::string eta_text(const state::Progress& latest) {
  if (latest.eta_ms < 0) {
    return {};
  }
  const auto human = [](std::int64_t ms) {
    return human_duration(std::chrono::milliseconds(ms));
  };
  std::string text = fmt::format(", ETA {}", human(latest.eta_ms));
  if (latest.eta_before_ms >= 0) {
    text += fmt::format(" (10 min ago: {})", human(latest.eta_before_ms));
  }
  return text;
}

/// `42 %, 840,000 rows, 12,300 rows/s, ETA 3 min`, and why it waits.
std::string progress_text(const StepProgress& step) {
  std::string text =
      fmt::format("{} %, {} rows",
                  step.blocks > 0 ? 100 * step.blocks_done / step.blocks : 0,
                  human_count(step.rows));
  if (step.latest.rows_per_second > 0) {
    text +=
        fmt::format(", {} rows/s", human_count(step.latest.rows_per_second));
  }
  text += eta_text(step.latest);
  if (!step.waiting_for.empty()) {
    text += fmt::format(", waiting: {}", fmt::join(step.waiting_for, "; "));
  }
  return text;
}

/// `in backfill, 42 %, 840,000 rows`
std::string place_text(const StatusRow& row) {
  const state::Migration& stored = *row.known->stored;
  std::string text =
      stored.running ? fmt::format("in {}", plan::name(*stored.running))
      : stored.completed
          ? fmt::format("{} complete", plan::name(*stored.completed))
          : "started";
  if (const auto step = under_way(row.progress)) {
    text += ", " + progress_text(*step);
  }
  return text;
}

std::string state_text(const StatusRow& row) {
  const Known& known = *row.known;
  switch (known.standing()) {
    case Standing::pending:
      return "pending";
    case Standing::waits_for_switch:
      return "verified, switch is visible";
    case Standing::switched:
      return fmt::format("switched {}", known.stored->switched_at);
    case Standing::contracting:
      return "in contract";
    case Standing::contracted:
      return "contracted";
    case Standing::rolling_back:
      return "rolling back";
    case Standing::paused:
      return fmt::format("paused by {}, {}", known.stored->paused_by,
                         place_text(row));
    case Standing::interrupted:
      return place_text(row);
  }
  return "";
}

/// Why only a person can help; empty: nothing.
std::string problem_of(const Known& known) {
  const std::string of_run =
      known.stored == nullptr ? "" : known.stored->poison;
  return of_run.empty() ? known.plan_problem() : of_run;
}

/// What needs a person, one line each.
std::vector<std::string> remarks(const Known& known) {
  std::vector<std::string> all;
  if (known.file_missing()) {
    all.emplace_back("its file is gone; the stored plan is used");
  }
  if (known.spec_changed()) {
    all.emplace_back("its file was edited after it was started");
  }
  if (known.stored == nullptr) {
    return all;
  }
  if (known.is_under_way() && known.stored->verify_clean == false) {
    all.push_back(fmt::format("verify found {} rows that differ",
                              human_count(known.stored->verify_differences)));
  }
  if (const std::string problem = problem_of(known); !problem.empty()) {
    all.push_back(problem);
  }
  return all;
}

/// `version public_2, app (alias)`; empty: none, or dropped by hand.
std::string version_text(const StatusRow& row) {
  std::vector<std::string> names;
  if (row.version) {
    for (const state::VersionSchema& each : row.version->schemas) {
      names.push_back(each.schema);
    }
    for (const state::VersionSchema& each : row.version->aliases) {
      names.push_back(each.schema + " (alias)");
    }
  }
  return names.empty() ? "" : fmt::format("version {}", fmt::join(names, ", "));
}

}  // namespace

std::string status_text(const std::vector<StatusRow>& rows,
                        const report::Style& style) {
  if (rows.empty()) {
    return "no migrations\n";
  }
  std::size_t id_width = 9;
  std::size_t state_width = 7;
  for (const StatusRow& row : rows) {
    id_width = std::max(id_width, report::text_width(row.known->id));
    state_width = std::max(state_width, report::text_width(state_text(row)));
  }
  std::string text = style.dim(
      fmt::format("{}  {}  next", report::padded("migration", id_width),
                  report::padded("state", state_width)));
  text += '\n';
  for (const StatusRow& row : rows) {
    text += fmt::format("{}  {}  {}\n", report::padded(row.known->id, id_width),
                        report::padded(state_text(row), state_width),
                        row.known->next_command());
    if (const std::string version = version_text(row); !version.empty()) {
      text += fmt::format("  {}\n", style.dim(version));
    }
    if (row.version && row.version->is_softened) {
      text += fmt::format(
          "  {}\n",
          style.yellow("nobody may use its version: contract --soft"));
    }
    for (const std::string& remark : remarks(*row.known)) {
      text += fmt::format("  {}\n", style.yellow(remark));
    }
  }
  return text;
}

namespace {

Json progress_json(const std::vector<state::Progress>& all) {
  Json json = Json::array();
  for (const state::Progress& progress : all) {
    Json one;
    one["step"] = progress.step;
    one["worker"] = progress.worker;
    one["rows"] = progress.rows;
    const auto blocks = progress.bound_block - progress.first_block;
    one["blocks_done"] = progress.done ? blocks : progress.blocks_done;
    one["blocks_total"] = blocks;
    one["rows_per_second"] = progress.rows_per_second;
    one["eta_ms"] = number_or_null(progress.eta_ms);
    one["eta_before_ms"] = number_or_null(progress.eta_before_ms);
    one["hot_rows"] = progress.hot_rows;
    one["quarantined"] = progress.quarantined;
    one["wal_bytes"] = progress.wal_bytes;
    one["waiting_for"] = text_or_null(progress.waiting_for);
    one["done"] = progress.done;
    one["updated_at"] = text_or_null(progress.updated_at);
    json.push_back(std::move(one));
  }
  return json;
}

Json schemas_json(const std::vector<state::VersionSchema>& schemas) {
  Json json = Json::array();
  for (const state::VersionSchema& each : schemas) {
    json.push_back({{"base", each.base}, {"schema", each.schema}});
  }
  return json;
}

Json version_json(const std::optional<state::PublishedVersion>& version) {
  if (!version) {
    return nullptr;
  }
  Json json;
  json["schemas"] = schemas_json(version->schemas);
  json["aliases"] = schemas_json(version->aliases);
  json["published_at"] = version->published_at;
  json["softened"] = version->is_softened;
  return json;
}

}  // namespace

Json status_json(const StatusRow& row) {
  const Known& known = *row.known;
  const state::Migration stored =
      known.stored == nullptr ? state::Migration{} : *known.stored;
  Json json;
  json["id"] = known.id;
  json["status"] = name(known.standing());
  json["phase_completed"] = phase_or_null(stored.completed);
  json["phase_running"] = phase_or_null(stored.running);
  json["through"] = phase_or_null(stored.through);
  json["visible"] = stored.is_visible;
  json["paused"] = stored.paused;
  json["paused_by"] = text_or_null(stored.paused_by);
  json["file_missing"] = known.file_missing();
  json["spec_changed"] = known.spec_changed();
  json["started_at"] = text_or_null(stored.started_at);
  json["switched_at"] = text_or_null(stored.switched_at);
  json["updated_at"] = text_or_null(stored.updated_at);
  json["verify_clean"] =
      stored.verify_clean ? Json(*stored.verify_clean) : Json(nullptr);
  json["verify_at"] = text_or_null(stored.verify_at);
  json["verify_rows"] = stored.verify_rows;
  json["verify_differences"] = stored.verify_differences;
  json["progress"] = progress_json(row.progress);
  json["settings"] = settings_json(stored);
  json["version"] = version_json(row.version);
  json["problem"] = text_or_null(problem_of(known));
  json["next"] = text_or_null(known.next_command());
  return json;
}

std::string runner_text(const std::optional<exec::AtWork>& runner) {
  if (!runner) {
    return "no pgexpand is at work";
  }
  std::string text = fmt::format("at work: process {} on host {}, since {}",
                                 runner->process, runner->host, runner->since);
  if (!runner->migration.empty()) {
    text += ", on " + runner->migration;
  }
  return text;
}

Json runner_json(const std::optional<exec::AtWork>& runner) {
  if (!runner) {
    return nullptr;
  }
  return {{"host", runner->host},
          {"process", runner->process},
          {"since", runner->since},
          {"migration", text_or_null(runner->migration)}};
}

}  // namespace pgexpand::cli
