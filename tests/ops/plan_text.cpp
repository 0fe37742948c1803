#include "ops/plan_text.hpp"

#include "pgexpand/sql/names.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace pgexpand::ops {
namespace {

std::string joined(const std::vector<sql::Identifier>& names) {
  std::vector<std::string> texts;
  for (const auto& name : names) {
    texts.push_back(name.name());
  }
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string_view budget_name(plan::Budget budget) {
  switch (budget) {
    case plan::Budget::hold:
      return "hold";
    case plan::Budget::step:
      return "step";
    default:
      return "unlimited";
  }
}

class Text {
 public:
  std::string of(const plan::Plan& plan) {
    line(0, "migration {}: {}", plan.id, plan.description);
    for (const auto& table : plan.tables) {
      line(0, "table {} touches {}", table.name.display(),
           joined(table.columns));
    }
    list("visible because", plan.visible_because);
    list("not undoable because", plan.not_undoable_because);
    list("stays after rollback", plan.stays_after_rollback);
    for (const auto& gate : plan.rollback_gates) {
      line(0, "gate {} since {}: {} ({})", gate.code, plan::name(gate.since),
           gate.message, gate.hint);
      line(1, "{};", gate.count.text());
    }
    for (const auto& hazard : plan.hazards) {
      line(0, "hazard {}: {} ({})", hazard.code, hazard.message, hazard.hint);
    }
    for (const auto& step : plan.steps) {
      add_step(step);
    }
    return text_;
  }

 private:
  template <typename... Args>
  void line(int depth, std::string_view pattern, const Args&... args) {
    text_ += std::string(static_cast<std::size_t>(depth) * 2, ' ') +
             fmt::vformat(pattern, fmt::make_format_args(args...)) + '\n';
  }

  void list(std::string_view what, const std::vector<std::string>& items) {
    for (const auto& item : items) {
      line(0, "{}: {}", what, item);
    }
  }

  void add_locks(const std::vector<plan::TableLock>& locks,
                 plan::Budget budget) {
    for (const auto& lock : locks) {
      line(1, "lock {} {}", lock.table.display(), plan::name(lock.mode));
    }
    line(1, "budget {}", budget_name(budget));
  }

  void add_step(const plan::Step& step) {
    text_ += '\n';
    line(0, "== {}: {}{}", step.id, step.title,
         step.enforces ? " [enforces]" : "");
    for (const auto& part : step.parts) {
      line(1, "- {}", part);
    }
    add_locks(step.locks, step.budget);
    add(step.action);
    for (const auto& undo : step.undo) {
      line(0, "-- undo: {}", undo.title);
      add_locks(undo.locks, undo.budget);
      add(undo.action);
    }
  }

  void add(const plan::Action& action) {
    std::visit([&](const auto& known) { describe(known); }, action);
    for (const auto& statement : plan::statements_of(action)) {
      text_ += statement.text() + ";\n";
    }
  }

  void describe(const plan::RunSql& run) {
    if (!run.transactional) {
      line(1, "outside a transaction");
    }
    if (run.is_users) {
      line(1, "with the user's search_path");
    }
  }

  void describe(const plan::BuildIndex& build) {
    line(1, "index {} on {}, {} key columns of {}{}", build.index.display(),
         build.table.display(), build.key_columns, build.columns,
         build.is_unique ? ", unique" : "");
  }

  void describe(const plan::BackfillRows& fill) {
    line(1, "rows of {}, key ({}){}{}", fill.table.display(), joined(fill.key),
         fill.until_clean ? ", passes until clean" : "",
         fill.may_skip_user_triggers ? ", may skip user triggers" : "");
  }

  void describe(const plan::CompareRows& compare) {
    line(1, "rows of {}, key ({}){}", compare.table.display(),
         joined(compare.key), compare.one_snapshot ? ", in one snapshot" : "");
    add_comparisons("before switch", compare.before_switch);
    add_comparisons("after switch", compare.after_switch);
  }

  void add_comparisons(std::string_view when,
                       const std::vector<plan::Comparison>& comparisons) {
    for (const auto& comparison : comparisons) {
      line(1, "{}: {}", when, comparison.title);
      line(2, "differs: {}", comparison.differs.text);
      if (comparison.repair) {
        line(2, "repair: {} = {}", comparison.repair->column.name(),
             comparison.repair->value.text);
      }
    }
  }

  std::string text_;
};

void append(std::string& text, const plan::Action& action) {
  for (const auto& statement : plan::statements_of(action)) {
    text += statement.text() + ";\n";
  }
}

}  // namespace

std::string plan_text(const plan::Plan& plan) { return Text().of(plan); }

std::string statements_of(const plan::Plan& plan, plan::Phase phase) {
  std::string text;
  for (const auto* step : plan.steps_of(phase)) {
    append(text, step->action);
  }
  return text;
}

std::string undo_of(const plan::Plan& plan, plan::Phase phase) {
  std::string text;
  const auto steps = plan.steps_of(phase);
  for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
    for (const auto& undo : (*step)->undo) {
      append(text, undo.action);
    }
  }
  return text;
}

}  // namespace pgexpand::ops
