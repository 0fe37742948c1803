// The plan for people: one line a step, in the columns lock, blocks, budget.
#include "pgexpand/base/units.hpp"
#include "pgexpand/report/plan_view.hpp"
#include "pgexpand/report/print.hpp"
#include "report/plan_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace pgexpand::report {
namespace {

constexpr std::size_t lock_width = 25;
constexpr std::size_t blocks_width = 16;
constexpr std::size_t title_width_at_least = 46;
constexpr std::size_t title_width_at_most = 72;

class PlanPrinter {
 public:
  PlanPrinter(const plan::Plan& plan,
              const PlanSetting& setting,
              const PlanTextOptions& options)
      : plan_(plan), setting_(setting), options_(options) {
    for (const plan::Step& step : plan.steps) {
      for (const PlanRow& row : rows_of(step, plan, setting)) {
        title_width_ = std::max(title_width_, text_width(row.title) + 1);
      }
    }
    title_width_ = std::min(title_width_, title_width_at_most);
  }

  std::string text() {
    add_heading();
    for (const plan::Phase phase : plan::phases) {
      add_phase(phase);
    }
    add_list("switch is visible: running code can notice it",
             plan_.visible_because);
    add_list("cannot be undone", plan_.not_undoable_because);
    add_list("values depend on these settings, as they arrived",
             spelled(plan_.values_depend_on));
    add_list("stays after rollback", plan_.stays_after_rollback);
    add_hazards();
    return std::move(text_);
  }

 private:
  void add(const std::string& line) {
    std::string_view end = line;
    while (end.ends_with(' ')) {
      end.remove_suffix(1);
    }
    text_ += end;
    text_ += '\n';
  }

  void add_heading() {
    add(fmt::format("{}  on  {}", options_.style.bold(plan_.id),
                    describe(setting_)));
    if (!plan_.description.empty()) {
      add(plan_.description);
    }
    for (const plan::PlannedTable& table : plan_.tables) {
      add(fmt::format("table {}: ~{} rows, {} + {} of indexes",
                      table.name.display(), human_count(table.estimated_rows),
                      human_size(table.size_bytes),
                      human_size(table.indexes_size_bytes)));
    }
    add("");
  }

  void add_phase(plan::Phase phase) {
    const auto steps = plan_.steps_of(phase);
    const bool is_switch = phase == plan::Phase::switch_over;
    if (steps.empty() && !is_switch) {
      return;
    }
    std::string line = fmt::format(" {}{}", padded(plan::name(phase), 11),
                                   remark(phase, steps.empty()));
    if (!steps.empty() && number_ == 0) {
      line = columns(line, {"", "lock", "blocks", "budget"});
    }
    add(is_switch && plan_.is_visible() ? options_.style.yellow(line) : line);
    for (const plan::Step* step : steps) {
      add_step(*step);
    }
  }

  std::string remark(plan::Phase phase, bool is_empty) const {
    if (phase == plan::Phase::contract) {
      return "(separate command)";
    }
    if (phase != plan::Phase::switch_over) {
      return "";
    }
    if (plan_.is_visible()) {
      return "VISIBLE, apply stops before it";
    }
    return is_empty ? "nothing physical" : "";
  }

  std::string columns(const std::string& left, const PlanRow& row) const {
    return padded(left, title_width_ + 4) + " " + padded(row.lock, lock_width) +
           padded(row.blocks, blocks_width) + row.budget;
  }

  void add_step(const plan::Step& step) {
    for (const PlanRow& row : rows_of(step, plan_, setting_)) {
      add(columns(fmt::format("{:>3} {}", ++number_, row.title), row));
    }
    add_weaker_locks(step);
    if (!options_.sql) {
      return;
    }
    for (const sql::Statement& statement : plan::statements_of(step.action)) {
      add_sql(statement.text());
    }
  }

  /// A step that locks more than one table: the columns show the strongest.
  void add_weaker_locks(const plan::Step& step) {
    if (step.locks.size() < 2) {
      return;
    }
    for (const plan::TableLock& lock : step.locks) {
      add(fmt::format("      {} on {}", plan::name(lock.mode),
                      lock.table.display()));
    }
  }

  void add_sql(const std::string& statement) {
    std::istringstream lines(statement + ";");
    for (std::string line; std::getline(lines, line);) {
      add(options_.style.dim(fmt::format("      {}", line)));
    }
  }

  static std::vector<std::string> spelled(const sql::Settings& settings) {
    std::vector<std::string> texts;
    for (const sql::Setting& setting : settings) {
      texts.push_back(fmt::format("{} = {}", setting.name, setting.value));
    }
    return texts;
  }

  void add_list(const char* title, const std::vector<std::string>& texts) {
    if (texts.empty()) {
      return;
    }
    add("");
    add(fmt::format("{}:", title));
    for (const std::string& text : texts) {
      add(fmt::format("  {}", text));
    }
  }

  void add_hazards() {
    for (const Diagnostic& hazard : plan_.hazards) {
      std::ostringstream out;
      print(hazard, out, options_.style);
      text_ += "\n" + out.str();
    }
  }

  const plan::Plan& plan_;
  const PlanSetting& setting_;
  const PlanTextOptions& options_;
  std::size_t title_width_ = title_width_at_least;
  int number_ = 0;
  std::string text_;
};

}  // namespace

std::string describe(const PlanSetting& setting) {
  if (setting.server_version.empty()) {
    return "a stored plan";
  }
  return fmt::format("{}@{} (PostgreSQL {}, {}, {})", setting.database,
                     setting.host, setting.server_version,
                     setting.is_standby ? "standby" : "primary",
                     setting.behind_pooler ? "pooler" : "direct");
}

std::string plan_text(const plan::Plan& plan,
                      const PlanSetting& setting,
                      const PlanTextOptions& options) {
  return PlanPrinter(plan, setting, options).text();
}

}  // namespace pgexpand::report
