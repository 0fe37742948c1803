#include "cli/commands.hpp"
#include "cli/commands/show_plan.hpp"
#include "cli/plan_setting.hpp"
#include "pgexpand/campaign/outlook.hpp"
#include "pgexpand/campaign/workbench.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <memory>

namespace pgexpand::cli {
namespace {

using campaign::Access;
using campaign::check_dependencies;
using campaign::draft;
using campaign::Drafted;
using campaign::Known;
using campaign::load_specs;
using campaign::Outlook;
using campaign::Roster;
using campaign::Standing;
using campaign::state_schema;
using campaign::Workbench;

/// Plans one after the other, each on the database as those before it will
/// leave it.
class PlanShow {
 public:
  PlanShow(Invocation& invocation, bool sql)
      : invocation_(invocation),
        sql_(sql),
        bench_(invocation, Access::plan),
        roster_(load_specs(invocation), bench_.stored()),
        outlook_(roster_) {}

  void show(const std::vector<std::string>& ids) {
    check_dependencies(invocation_, roster_);
    for (const Known* known : roster_.in_order(ids)) {
      const bool is_asked = std::ranges::find(ids, known->id) != ids.end();
      const bool is_started = known->standing() != Standing::pending;
      if (is_started && is_asked) {
        show_stored(*known);
      } else if (!is_started) {
        show_pending(*known);
      }
    }
    if (is_any_pending_) {
      refuse_without_state();
    }
    invocation_.show_and_stop(findings_);
    if (invocation_.body["migrations"].empty() && !invocation_.json()) {
      fmt::print(invocation_.out(), "nothing to do\n");
    }
  }

 private:
  void show_stored(const Known& known) {
    if (const auto plan = known.stored->plan()) {
      add(known, *plan,
          fmt::format("stored when it was started; it is {} now",
                      name(known.standing())));
    }
  }

  /// What stops apply before it has a place for its state.
  void refuse_without_state() {
    if (const auto obstacle = bench_.store().obstacle()) {
      findings_.refuse({}, obstacle->code(), obstacle->message(),
                       obstacle->hint());
    }
  }

  void show_pending(const Known& known) {
    is_any_pending_ = true;
    Drafted drafted = draft(*known.spec, invocation_.settings_for(known.spec),
                            state_schema(invocation_), bench_.session(),
                            bench_.arrival(), outlook_);
    if (drafted.plan) {
      // It shows its findings itself, as hazards.
      const auto rivals = outlook_.rivals(*drafted.plan);
      add(known, *drafted.plan, note_for(rivals), rivals.ids);
      outlook_.add(*drafted.plan, drafted.changes);
      return;
    }
    const auto awaited = outlook_.awaited(drafted.findings);
    if (awaited.empty()) {
      findings_.append(drafted.findings);
    } else {
      add_unplanned(known, drafted.findings, awaited);
    }
    outlook_.add_unknown(known.id, drafted.tables);
  }

  static std::string note_for(const Outlook::Rivals& rivals) {
    if (rivals.ids.empty()) {
      return "";
    }
    std::vector<std::string> tables;
    for (const sql::TableName& table : rivals.tables) {
      tables.push_back(table.display());
    }
    return fmt::format(
        fmt::runtime(rivals.are_counted
                         ? "planned as {0} will leave {1}; apply waits for the "
                           "contract of {0}"
                         : "{0} comes first and touches {1} too; plan again "
                           "after its contract"),
        fmt::join(rivals.ids, ", "), fmt::join(tables, ", "));
  }

  report::Json described(const Known& known,
                         const std::string& note,
                         const std::vector<std::string>& planned_after) const {
    report::Json json;
    json["id"] = known.id;
    json["status"] = name(known.standing());
    json["note"] = note.empty() ? report::Json(nullptr) : report::Json(note);
    json["planned_after"] = planned_after;
    return json;
  }

  /// What it lacks may come from the text of one before it.
  void add_unplanned(const Known& known,
                     const Diagnostics& findings,
                     const std::vector<std::string>& awaited) {
    std::vector<std::string> reasons;
    for (const Diagnostic& finding : findings.all()) {
      if (finding.severity != Severity::warning) {
        reasons.push_back(finding.message);
      }
    }
    const std::string note = fmt::format(
        "planned when {} {} run: {}", fmt::join(awaited, " and "),
        awaited.size() == 1 ? "has" : "have", fmt::join(reasons, "; "));
    report::Json json = described(known, note, awaited);
    json["phases"] = report::Json::array();
    invocation_.body["migrations"].push_back(std::move(json));
    if (!invocation_.json()) {
      fmt::print(invocation_.out(), "migration {}: {}\n\n", known.id, note);
    }
  }

  void add(const Known& known,
           const plan::Plan& plan,
           const std::string& note,
           const std::vector<std::string>& planned_after = {}) {
    const auto setting =
        plan_setting(invocation_, bench_.arrival(), known.spec);
    report::Json json = described(known, note, planned_after);
    json.update(report::plan_json(plan, setting));
    invocation_.body["migrations"].push_back(std::move(json));
    if (invocation_.json()) {
      return;
    }
    fmt::print(
        invocation_.out(), "{}",
        report::plan_text(plan, setting,
                          {.sql = sql_, .style = invocation_.out_style()}));
    if (!note.empty()) {
      fmt::print(invocation_.out(), "\nnote: {}\n", note);
    }
    fmt::print(invocation_.out(), "\n");
  }

  Invocation& invocation_;
  bool sql_;
  Workbench bench_;
  Roster roster_;
  Outlook outlook_;
  Diagnostics findings_;
  bool is_any_pending_ = false;
};

}  // namespace

int show_plans(Invocation& invocation, const PlanRequest& request) {
  invocation.body["migrations"] = report::Json::array();
  PlanShow(invocation, request.sql).show(request.ids);
  return 0;
}

Command plan_command(Invocation& invocation) {
  auto request = std::make_shared<PlanRequest>();
  return {
      .name = "plan",
      .help = "Show what migrations would do; changes nothing",
      .parameters = {{"id", "Migrations; default all pending", &request->ids},
                     {"--sql", "Print every statement as sent", &request->sql}},
      .action = [request, &invocation] {
        return show_plans(invocation, *request);
      }};
}

}  // namespace pgexpand::cli
