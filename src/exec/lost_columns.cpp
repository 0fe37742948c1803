#include "exec/lost_columns.hpp"

#include "pgexpand/sql/subject.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

namespace pgexpand::exec {
namespace {

using plan::Phase;
using plan::Plan;
using plan::PlannedTable;
using sql::Identifier;

struct Column {
  const PlannedTable& table;
  Identifier name;
};

/// The changes of columns that a plan's statements make.
class ColumnChanges {
 public:
  explicit ColumnChanges(const Plan& plan) {
    for (const plan::Step& step : plan.steps) {
      const sql::Subject done = subject_of(step.action);
      if (step.phase == Phase::contract) {
        append(done.dropped_columns, dropped_by_contract_);
        append(done.renamed_columns, renamed_by_contract_);
      } else if (step.phase == Phase::switch_over) {
        append(done.renamed_columns, renamed_by_switch_);
      }
      for (const plan::Undo& undo : step.undo) {
        append(subject_of(undo.action).dropped_columns, dropped_by_rollback_);
      }
    }
  }

  [[nodiscard]] bool contract_drops(const Column& column) const {
    return has(dropped_by_contract_, named(column));
  }
  [[nodiscard]] bool contract_renames(const Column& column) const {
    return std::ranges::find(renamed_by_contract_, named(column),
                             &sql::ColumnRename::from) !=
           renamed_by_contract_.end();
  }
  [[nodiscard]] bool rollback_drops(const Column& column) const {
    return has(dropped_by_rollback_, named(column));
  }
  [[nodiscard]] bool switch_renames(const Column& from,
                                    const Identifier& to) const {
    return has(renamed_by_switch_, {.from = named(from), .to = to});
  }

 private:
  static sql::ColumnName named(const Column& column) {
    return {column.table.name, column.name};
  }
  static sql::Subject subject_of(const plan::Action& action) {
    sql::Subject all;
    for (const auto& statement : plan::statements_of(action)) {
      const sql::Subject one = sql::subject_of(statement);
      append(one.dropped_columns, all.dropped_columns);
      append(one.renamed_columns, all.renamed_columns);
    }
    return all;
  }
  template <typename Type>
  static void append(const std::vector<Type>& from, std::vector<Type>& to) {
    to.insert(to.end(), from.begin(), from.end());
  }
  template <typename Type>
  static bool has(const std::vector<Type>& all, const Type& one) {
    return std::ranges::find(all, one) != all.end();
  }

  std::vector<sql::ColumnName> dropped_by_contract_;
  std::vector<sql::ColumnName> dropped_by_rollback_;
  std::vector<sql::ColumnRename> renamed_by_switch_, renamed_by_contract_;
};

using Test = std::function<bool(const Column&)>;

bool any_column(const PlannedTable& table, const Test& test) {
  return std::ranges::any_of(table.columns, [&](const Identifier& name) {
    return test({table, name});
  });
}

/// Columns that the plan works on and that are not there any more.
std::vector<Column> lost_columns(const Job& job, const Fingerprints& tables) {
  const auto has = [](const std::vector<std::string>& lines,
                      const std::string& begin) {
    return std::ranges::any_of(lines, [&](const std::string& line) {
      return line.starts_with(begin);
    });
  };
  std::vector<Column> lost;
  for (const PlannedTable& table : job.plan.tables) {
    if (job.has_lost(table.name)) {
      continue;
    }
    for (const Identifier& name : table.columns) {
      const std::string line =
          fmt::format("{}: column {} ", table.name.display(), name);
      if (has(tables.before, line) && !has(tables.now, line)) {
        lost.push_back({table, name});
      }
    }
  }
  return lost;
}

/// Rollback drops it, perhaps under the name it had before the switch.
bool is_new(const Column& column,
            const ColumnChanges& changes,
            bool is_switched) {
  return changes.rollback_drops(column) ||
         (is_switched && any_column(column.table, [&](const Column& earlier) {
            return changes.rollback_drops(earlier) &&
                   changes.switch_renames(earlier, column.name);
          }));
}

Error lost_error(std::string code,
                 const Column& column,
                 std::string_view keeper) {
  return {ErrorKind::refused, std::move(code),
          fmt::format("somebody dropped column {} of {}, which {}",
                      column.name.name(), column.table.name.display(), keeper)};
}

std::string add_again(std::string_view command, const Job& job) {
  return fmt::format(
      "add the column again and fill it, then run `pgexpand {} "
      "{} --accept-drift`",
      command, job.id);
}

}  // namespace

void check_old_columns(const Job& job, const Fingerprints& tables) {
  const ColumnChanges changes(job.plan);
  for (const Column& lost : lost_columns(job, tables)) {
    const bool drops_any = any_column(lost.table, [&](const Column& column) {
      return changes.rollback_drops(column);
    });
    if (drops_any && !is_new(lost, changes, job.is_switched())) {
      throw lost_error("rollback.column-lost", lost, "rollback goes back to")
          .detail(
              "rollback drops the columns that were added, and they may have "
              "the only copy of its values")
          .hint(job.is_switched() && !changes.contract_renames(lost)
                    ? fmt::format("keep the new shape: run `pgexpand contract "
                                  "{} --accept-drift`",
                                  job.id)
                    : add_again("rollback", job));
    }
  }
}

void check_new_columns(const Job& job, const Fingerprints& tables) {
  const ColumnChanges changes(job.plan);
  for (const Column& lost : lost_columns(job, tables)) {
    const bool drops_any = any_column(lost.table, [&](const Column& column) {
      return changes.contract_drops(column);
    });
    const bool is_kept =
        !changes.contract_drops(lost) &&
        (is_new(lost, changes, true) || changes.contract_renames(lost));
    if (drops_any && is_kept) {
      throw lost_error("contract.column-lost", lost, "contract leaves in use")
          .detail(
              "contract drops the columns beside it, and they may have the "
              "only copy of its values")
          .hint(changes.contract_renames(lost)
                    ? add_again("contract", job)
                    : fmt::format("go back to the old shape: run `pgexpand "
                                  "rollback {} --accept-drift`",
                                  job.id));
    }
  }
}

}  // namespace pgexpand::exec
