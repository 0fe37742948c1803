// The plan for programs; keys are documented in docs/commands/plan.md.
#include "pgexpand/report/plan_view.hpp"
#include "report/plan_rows.hpp"

#include <algorithm>
#include <variant>

namespace pgexpand::report {
namespace {

Json sql_of(const plan::Action& action) {
  Json texts = Json::array();
  for (const sql::Statement& statement : plan::statements_of(action)) {
    texts.push_back(statement.text());
  }
  return texts;
}

Json locks_json(const std::vector<plan::TableLock>& locks) {
  Json json = Json::array();
  for (const plan::TableLock& lock : locks) {
    Json one;
    one["table"] = lock.table.display();
    one["mode"] = plan::name(lock.mode);
    json.push_back(std::move(one));
  }
  return json;
}

struct ActionName {
  const char* operator()(const plan::RunSql& /*action*/) const {
    return "run_sql";
  }
  const char* operator()(const plan::BuildIndex& /*action*/) const {
    return "build_index";
  }
  const char* operator()(const plan::BackfillRows& /*action*/) const {
    return "backfill_rows";
  }
  const char* operator()(const plan::CompareRows& /*action*/) const {
    return "compare_rows";
  }
};

Json budget_ms(plan::Budget budget, const PlanSetting& setting) {
  switch (budget) {
    case plan::Budget::hold:
      return setting.lock_hold.count();
    case plan::Budget::step:
      return setting.step_budget.count();
    case plan::Budget::unlimited:
      return nullptr;
  }
  return nullptr;
}

Json undo_json(const std::vector<plan::Undo>& undos) {
  Json json = Json::array();
  for (const plan::Undo& undo : undos) {
    Json one;
    one["title"] = undo.title;
    one["locks"] = locks_json(undo.locks);
    one["sql"] = sql_of(undo.action);
    json.push_back(std::move(one));
  }
  return json;
}

Json step_json(const plan::Step& step, const PlanSetting& setting) {
  Json json;
  json["id"] = step.id;
  json["title"] = step.title;
  json["parts"] = step.parts;
  json["action"] = std::visit(ActionName{}, step.action);
  json["locks"] = locks_json(step.locks);
  json["blocks"] = plan::blocks(strongest(step.locks).mode);
  json["budget_ms"] = budget_ms(step.budget, setting);
  json["enforces"] = step.enforces;
  json["sql"] = sql_of(step.action);
  json["undo"] = undo_json(step.undo);
  return json;
}

Json phases_json(const plan::Plan& plan, const PlanSetting& setting) {
  Json json = Json::array();
  for (const plan::Phase phase : plan::phases) {
    Json one;
    one["phase"] = plan::name(phase);
    one["visible"] = phase == plan::Phase::switch_over && plan.is_visible();
    one["steps"] = Json::array();
    for (const plan::Step* step : plan.steps_of(phase)) {
      one["steps"].push_back(step_json(*step, setting));
    }
    json.push_back(std::move(one));
  }
  return json;
}

Json tables_json(const plan::Plan& plan) {
  Json json = Json::array();
  for (const plan::PlannedTable& table : plan.tables) {
    Json one;
    one["table"] = table.name.display();
    one["columns"] = Json::array();
    for (const sql::Identifier& column : table.columns) {
      one["columns"].push_back(column.name());
    }
    one["estimated_rows"] = table.estimated_rows;
    one["size_bytes"] = table.size_bytes;
    one["indexes_size_bytes"] = table.indexes_size_bytes;
    json.push_back(std::move(one));
  }
  return json;
}

}  // namespace

Json plan_json(const plan::Plan& plan, const PlanSetting& setting) {
  Json json;
  json["id"] = plan.id;
  json["description"] = plan.description;
  json["spec_hash"] = plan.spec_hash;
  json["depends_on"] = plan.depends_on;
  json["tables"] = tables_json(plan);
  json["phases"] = phases_json(plan, setting);
  json["visible_because"] = plan.visible_because;
  json["not_undoable_because"] = plan.not_undoable_because;
  json["values_depend_on"] = Json::object();
  for (const sql::Setting& each : plan.values_depend_on) {
    json["values_depend_on"][each.name] = each.value;
  }
  json["stays_after_rollback"] = plan.stays_after_rollback;
  json["hazards"] = Json::array();
  for (const Diagnostic& hazard : plan.hazards) {
    json["hazards"].push_back(to_json(hazard));
  }
  return json;
}

}  // namespace pgexpand::report
