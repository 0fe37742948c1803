#include "cli/commands.hpp"
#include "cli/commands/show_plan.hpp"
#include "cli/plan_setting.hpp"
#include "pgexpand/campaign/workbench.hpp"
#include "pgexpand/report/plan_view.hpp"

#include <fmt/format.h>
#include <fmt/ostream.h>

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
using campaign::Roster;
using campaign::Standing;
using campaign::state_schema;
using campaign::Workbench;

/// Plans one after the other, each against the database as it is now.
class PlanShow {
 public:
  PlanShow(Invocation& invocation, bool sql)
      : invocation_(invocation),
        sql_(sql),
        bench_(invocation, Access::plan),
        roster_(load_specs(invocation), bench_.stored()) {}

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
    Drafted drafted =
        draft(*known.spec, invocation_.settings_for(known.spec),
              state_schema(invocation_), bench_.session(), bench_.arrival());
    const std::string note = note_for(drafted.tables);
    claim(known.id, drafted.tables);
    if (!drafted.plan && !note.empty()) {
      // Its findings may be about what an earlier one is to change.
      fmt::print(invocation_.err(), "{}: {}\n", known.id, note);
      add_unplanned(known, note);
      return;
    }
    if (drafted.plan) {
      // It shows its findings itself, as hazards.
      add(known, *drafted.plan, note);
    } else {
      findings_.append(drafted.findings);
    }
  }

  /// Why a plan made now may not be the one that will run.
  std::string note_for(const std::vector<sql::TableName>& tables) const {
    for (const auto& [id, claimed] : claims_) {
      for (const sql::TableName& table : claimed) {
        if (std::ranges::find(tables, table) != tables.end()) {
          return fmt::format(
              "{} comes first and touches {} too; plan again once it is "
              "contracted",
              id, table.display());
        }
      }
    }
    return "";
  }

  void claim(const std::string& id, const std::vector<sql::TableName>& tables) {
    claims_.emplace_back(id, tables);
  }

  report::Json described(const Known& known, const std::string& note) const {
    report::Json json;
    json["id"] = known.id;
    json["status"] = name(known.standing());
    json["note"] = note.empty() ? report::Json(nullptr) : report::Json(note);
    return json;
  }

  void add_unplanned(const Known& known, const std::string& note) {
    report::Json json = described(known, note);
    json["phases"] = report::Json::array();
    invocation_.body["migrations"].push_back(std::move(json));
  }

  void add(const Known& known,
           const plan::Plan& plan,
           const std::string& note) {
    const auto setting =
        plan_setting(invocation_, bench_.arrival(), known.spec);
    report::Json json = described(known, note);
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
  Diagnostics findings_;
  bool is_any_pending_ = false;
  std::vector<std::pair<std::string, std::vector<sql::TableName>>> claims_;
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
