// A person's text in our DDL is read under the settings and the search_path it
// arrived with, as plain SQL is, and nothing else is. The server's own words
// need no path.
#include "pgexpand/base/overloaded.hpp"
#include "pgexpand/ops/table_rules.hpp"
#include "pgexpand/sql/parser.hpp"
#include "pgexpand/sql/search_path.hpp"

#include <algorithm>

namespace pgexpand::ops {
namespace {

using sql::Settings;
using sql::Statement;

class Surrounded {
 public:
  explicit Surrounded(const plan::Plan& plan)
      : theirs_(sql::with_path(plan.settings, plan.search_path)) {
    const std::string* closed = sql::path_in(plan.settings);
    ours_ = sql::with_path(sql::own_syntax(),
                           {closed == nullptr ? sql::own_path : *closed});
  }

  void change(plan::Action& action) const {
    std::visit(
        Overloaded{[&](plan::RunSql& run) {
                     if (run.transactional && !run.is_users) {
                       change(run.statements);
                     }
                   },
                   [](plan::BuildIndex& build) {
                     build.is_users = build.create.has_users_text();
                     build.create = plain(build.create);
                   },
                   [](plan::BackfillRows&) {}, [](plan::CompareRows&) {}},
        action);
  }

 private:
  static Statement plain(const Statement& statement) {
    return Statement::verbatim(statement.text());
  }

  void change(std::vector<Statement>& statements) const {
    std::vector<Statement> changed;
    bool is_theirs = false;
    for (const Statement& statement : statements) {
      if (statement.has_users_text() != is_theirs) {
        is_theirs = !is_theirs;
        changed.push_back(sql::make(is_theirs ? theirs_ : ours_));
      }
      changed.push_back(plain(statement));
    }
    if (is_theirs) {
      changed.push_back(sql::make(ours_));
    }
    statements = std::move(changed);
  }

  Settings theirs_, ours_;
};

}  // namespace

namespace {

bool calls_users_code(const std::optional<sql::Expression>& expression) {
  return expression && sql::calls_users_code(expression->text);
}

bool runs_users_code(const catalog::Table& table) {
  return !table.triggers.empty() ||
         std::ranges::any_of(table.constraints,
                             [](const catalog::Constraint& constraint) {
                               return calls_users_code(constraint.expression);
                             }) ||
         std::ranges::any_of(table.columns,
                             [](const catalog::Column& column) {
                               return column.type.is_domain ||
                                      calls_users_code(column.generated);
                             }) ||
         std::ranges::any_of(table.indexes, [](const catalog::Index& index) {
           return calls_users_code(index.predicate) ||
                  std::ranges::any_of(index.keys,
                                      [](const catalog::IndexKey& key) {
                                        return calls_users_code(key.expression);
                                      });
         });
}

}  // namespace

bool runs_users_code(const Draft& draft, const catalog::Answers& answers) {
  return std::ranges::any_of(draft.tables(),
                             [](const TableDraft& pieces) {
                               return runs_users_code(*pieces.table);
                             }) ||
         std::ranges::any_of(answers.expressions, [](const auto& answer) {
           return answer.second.settings.contains("search_path");
         });
}

void surround_users_text(plan::Plan& plan) {
  const Surrounded surrounded(plan);
  for (plan::Step& step : plan.steps) {
    surrounded.change(step.action);
    for (plan::Undo& undo : step.undo) {
      surrounded.change(undo.action);
    }
  }
}

}  // namespace pgexpand::ops
