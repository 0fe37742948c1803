#include "exec/home.hpp"

#include "exec/drift.hpp"
#include "pgexpand/sql/own_names.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string_view>

namespace pgexpand::exec {
namespace {

using Lines = std::vector<std::string>;

/// What no table has: the plan's is not here.
constexpr auto no_table = std::numeric_limits<std::uint32_t>::max();

std::uint32_t oid_of(const Job& job, const sql::TableName& table) {
  const auto found = job.session().run(
      sql::Statement::of("SELECT c.oid FROM pg_catalog.pg_class AS c"
                         " JOIN pg_catalog.pg_namespace AS n"
                         " ON n.oid = c.relnamespace"
                         " WHERE n.nspname = $1 AND c.relname = $2"),
      {table.schema.name(), table.name.name()});
  return found.rows.empty() ? no_table
                            : static_cast<std::uint32_t>(
                                  std::stoul(found.single().value_or("0")));
}

plan::Plan with_oids_of_here(const Job& job) {
  plan::Plan plan = job.plan;
  for (plan::PlannedTable& table : plan.tables) {
    // 0: a plan that was not made from a catalog.
    table.oid = table.oid == 0 ? 0 : oid_of(job, table.name);
  }
  return plan;
}

/// Past the quoted name whose first quote is at `at`.
std::size_t end_of_name(std::string_view line, std::size_t at) {
  for (++at; at < line.size(); ++at) {
    if (line[at] == '"' && (at + 1 == line.size() || line[++at] != '"')) {
      break;
    }
  }
  return std::min(at, line.size());
}

/// The part of a fingerprint's line that no dump words in another way; nullopt:
/// all of it.
std::optional<std::string_view> head_of(std::string_view line) {
  constexpr std::array kinds{": index \"", ": constraint \"",
                             ": referenced by \"", ": trigger \""};
  for (const std::string_view kind : kinds) {
    if (const auto at = line.find(kind); at != std::string_view::npos) {
      const auto name = at + kind.size() - 1;
      const auto end = end_of_name(line, name);
      const std::string given(line.substr(name + 1, end - name - 2));
      return sql::is_sync_trigger_name(sql::Identifier(given))
                 ? std::nullopt
                 : std::optional(line.substr(0, end));
    }
  }
  if (line.find(": column \"") != std::string_view::npos) {
    for (const std::string_view word : {" default ", " generated "}) {
      if (const auto at = line.find(word); at != std::string_view::npos) {
        return line.substr(0, at + word.size());
      }
    }
  }
  return std::nullopt;
}

bool has(const Lines& lines, const std::string& line) {
  return std::ranges::find(lines, line) != lines.end();
}

/// A state from before version 5 does not say where it was written. If its
/// tables have other OIDs and look as they were left, it was elsewhere:
/// somebody who makes a table anew makes it without our triggers.
bool looks_as_left(const Lines& before, const Lines& now) {
  return !before.empty() && std::ranges::all_of(before, [&](const auto& line) {
    return has(now, line);
  });
}

void tell(Job& job) {
  job.reporter.on(report::Warning{
      .id = job.id,
      .code = "run.copy",
      .message = fmt::format(
          "migration {} was begun elsewhere, and came here with a dump: its "
          "tables are those of the same names, and a walk that was under way "
          "starts over",
          job.id),
      .hint = ""});
}

}  // namespace

Lines in_words_of(const Lines& now, Lines before) {
  for (std::string& line : before) {
    const auto head = head_of(line);
    if (!head || has(now, line)) {
      continue;
    }
    const auto same = std::ranges::find_if(
        now, [&](const std::string& one) { return head_of(one) == head; });
    if (same != now.end()) {
      line = *same;
    }
  }
  return before;
}

void settle_in(Job& job, const state::Turn& turn) {
  if (turn.home == turn.here) {
    return;
  }
  plan::Plan plan = with_oids_of_here(job);
  state::Store store = job.store();
  if (turn.home.empty() && plan == job.plan) {
    job.record(
        [&](state::Store& tables) { tables.set_home(job.id, turn.here); });
    return;
  }
  const Lines now = read_fingerprint(job);
  Lines before = in_words_of(now, store.fingerprint(job.id));
  if (turn.home.empty() && !looks_as_left(before, now)) {
    return;
  }
  // A phase had ended, and how it left the tables was not written yet.
  if (store.stamp(job.id, sql::Expression{"NULL"}).is_due) {
    before = now;
  }
  job.record([&](state::Store& tables) {
    tables.set_home(job.id, turn.here);
    tables.settle(plan, before);
    job.note("settled",
             nlohmann::json{{"from", turn.home}, {"to", turn.here}}.dump());
  });
  job.plan = std::move(plan);
  tell(job);
}

}  // namespace pgexpand::exec
