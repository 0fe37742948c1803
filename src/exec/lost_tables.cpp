#include "exec/lost_tables.hpp"

#include "pgexpand/base/overloaded.hpp"
#include "pgexpand/sql/own_names.hpp"
#include "pgexpand/sql/subject.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::exec {
namespace {

using sql::Statement;
using sql::TableName;

std::optional<TableName> name_now(const Job& job, std::uint32_t oid) {
  const pg::Result found = job.session().run(
      Statement::of("SELECT n.nspname, c.relname FROM pg_catalog.pg_class AS c"
                    " JOIN pg_catalog.pg_namespace AS n"
                    " ON n.oid = c.relnamespace WHERE c.oid = $1::oid"),
      {std::to_string(oid)});
  if (found.rows.empty()) {
    return std::nullopt;
  }
  return TableName{sql::Identifier(found.rows[0].at(0).value_or("")),
                   sql::Identifier(found.rows[0].at(1).value_or(""))};
}

bool is_one_of(const std::vector<TableName>& tables, const TableName& table) {
  return std::ranges::find(tables, table) != tables.end();
}

/// Takes our trigger off a table that was put back.
bool is_still_to_do(const sql::Subject& subject, const Job& job) {
  return !subject.dropped_triggers.empty() &&
         std::ranges::any_of(job.put_back, [&](const TableName& table) {
           return subject.is_about(table);
         });
}

/// The tables that the step and its undo are about.
std::vector<TableName> tables_of(const plan::Undo& undo,
                                 const plan::Step& step) {
  std::vector<TableName> tables;
  for (const auto* locks : {&undo.locks, &step.locks}) {
    for (const plan::TableLock& lock : *locks) {
      tables.push_back(lock.table);
    }
  }
  for (const plan::Action* action : {&undo.action, &step.action}) {
    std::visit(Overloaded{[](const plan::RunSql& /*run*/) {},
                          [&](const auto& walk_or_build) {
                            tables.push_back(walk_or_build.table);
                          }},
               *action);
  }
  return tables;
}

}  // namespace

std::vector<LostTable> lost_tables(const Job& job) {
  std::vector<LostTable> lost;
  for (const plan::PlannedTable& table : job.plan.tables) {
    // 0: a plan that was not made from a catalog.
    auto now = table.oid == 0 ? table.name : name_now(job, table.oid);
    if (now != table.name) {
      lost.push_back({table.name, std::move(now)});
    }
  }
  return lost;
}

void check_lost_tables(const Job& job) {
  if (const auto lost = lost_tables(job); !lost.empty()) {
    throw table_replaced(job, lost.front());
  }
}

Error table_replaced(const Job& job, const LostTable& lost) {
  const auto& [name, now] = lost;
  const Error error(
      ErrorKind::refused, "drift.table-replaced",
      fmt::format(
          "table {} is not the one that migration {} works on: {}",
          name.display(), job.id,
          now ? fmt::format("that is called {} now", now->display())
              : std::string("that was dropped, and what it held with it")));
  return now ? Error(error).hint(
                   fmt::format("give {} its name back", now->display()))
             : Error(error).hint(fmt::format(
                   "run `pgexpand rollback {} --accept-drift`: it leaves out "
                   "what went with the table",
                   job.id));
}

bool has_sync_trigger(const Job& job, const TableName& table) {
  const pg::Result found = job.session().run(
      Statement::of(
          "SELECT g.tgname FROM pg_catalog.pg_trigger AS g"
          " JOIN pg_catalog.pg_class AS c ON c.oid = g.tgrelid"
          " JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace"
          " JOIN pg_catalog.pg_proc AS p ON p.oid = g.tgfoid"
          " JOIN pg_catalog.pg_namespace AS s ON s.oid = p.pronamespace"
          " WHERE n.nspname = $1 AND c.relname = $2 AND s.nspname = $3"),
      {table.schema.name(), table.name.name(), job.schema.name()});
  return std::ranges::any_of(found.rows, [&](const pg::Row& row) {
    const sql::Identifier name(row.at(0).value_or(""));
    return std::ranges::any_of(job.plan.own, [&](const sql::Identifier& own) {
      const auto versions = sql::version_trigger_names(own);
      return sql::is_sync_trigger_name(own) &&
             (own == name ||
              std::ranges::find(versions, name) != versions.end());
    });
  });
}

plan::Undo without_lost(const plan::Undo& undo,
                        const plan::Step& step,
                        const Job& job) {
  const auto is_lost = [&](const TableName& table) {
    return job.has_lost(table);
  };
  const auto tables = tables_of(undo, step);
  if (std::ranges::none_of(tables, is_lost)) {
    return undo;
  }
  const bool all_lost = std::ranges::all_of(tables, is_lost);
  plan::Undo kept = undo;
  std::erase_if(kept.locks, [&](const auto& lock) {
    return is_lost(lock.table) && !is_one_of(job.put_back, lock.table);
  });
  auto* run = std::get_if<plan::RunSql>(&kept.action);
  if (run == nullptr) {
    kept.action = plan::RunSql{};
    return kept;
  }
  std::erase_if(run->statements, [&](const Statement& statement) {
    const sql::Subject subject = sql::subject_of(statement);
    return !is_still_to_do(subject, job) &&
           ((all_lost && !subject.is_about_schema(job.schema)) ||
            std::ranges::any_of(job.lost, [&](const TableName& table) {
              return subject.is_about(table);
            }));
  });
  return kept;
}

}  // namespace pgexpand::exec
