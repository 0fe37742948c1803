// Which migrations apply takes forward, and which it leaves alone.
#include "pgexpand/campaign/campaign.hpp"
#include "pgexpand/campaign/workbench.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace pgexpand::campaign {
namespace {

std::vector<sql::TableName> tables_of(const plan::Plan& plan) {
  std::vector<sql::TableName> tables;
  for (const plan::PlannedTable& table : plan.tables) {
    tables.push_back(table.name);
  }
  return tables;
}

Error refused(const char* code, const Known& known, const std::string& reason) {
  return {ErrorKind::refused, code, fmt::format("{} {}", known.id, reason)};
}

}  // namespace

bool Campaign::has_reached(const Known& known) const {
  return known.standing() == Standing::contracted ||
         (known.stored->completed &&
          *known.stored->completed >=
              through.value_or(plan::Phase::switch_over));
}

bool Campaign::is_there(const Known& known) const {
  const Standing standing = known.standing();
  if (standing == Standing::contracted) {
    return true;
  }
  return standing != Standing::paused && standing != Standing::rolling_back &&
         standing != Standing::pending && !known.file_missing() &&
         has_reached(known);
}

// Nothing to do needs no lease, and no connection but the one that looked.
void Campaign::apply(const std::vector<std::string>& ids) {
  if (!roster_ || !std::ranges::all_of(
                      roster_->in_order(ids),
                      [&](const Known* known) { return is_there(*known); })) {
    begin();
  }
  const auto chosen = roster_->in_order(ids);
  refuse_changed_specs(chosen);
  std::vector<std::string> order;
  for (const Known* known : chosen) {
    order.push_back(known->id);
  }
  for (const std::string& id : order) {
    check_stop();
    try {
      advance(id, std::ranges::find(ids, id) != ids.end());
    } catch (const Error& error) {
      check_not_fenced(error);
      throw;
    }
  }
}

void Campaign::advance(const std::string& id, bool is_asked) {
  const Known& known = roster_->get(id);
  const Standing standing = known.standing();
  if (standing == Standing::paused) {
    const std::string reason =
        fmt::format("paused by {}", known.stored->paused_by);
    leave(id, reason,
          Error(ErrorKind::interrupted, "apply.paused",
                fmt::format("{} is {}", id, reason))
              .hint(fmt::format("run `pgexpand resume {}` to go on", id)));
    return;
  }
  if (standing == Standing::rolling_back) {
    leave(id, "its rollback was interrupted",
          refused("apply.rolling-back", known, "is on its way back")
              .hint(fmt::format("run `pgexpand rollback {}` first", id)));
    return;
  }
  if (known.file_missing() && !is_asked) {
    leave(id, "its file is gone",
          refused("apply.file-missing", known,
                  "was started, but its file is gone")
              .hint(fmt::format(
                  "put the file back, or run `pgexpand resume {}` or "
                  "`pgexpand rollback {}`, which use the stored plan",
                  id, id)));
    return;
  }
  if (standing == Standing::pending) {
    start(known, is_asked);
    return;
  }
  if (has_reached(known)) {
    note(id, Outcome::unchanged);
    return;
  }
  go_on(id, through);
}

std::vector<std::string> Campaign::unmet(const Known& known) const {
  std::vector<std::string> ids;
  for (const std::string& id : known.depends_on()) {
    const Known* needed = roster_->find(id);
    if (needed == nullptr || !needed->is_switched()) {
      ids.push_back(id);
    }
  }
  return ids;
}

std::optional<Campaign::Conflict> Campaign::conflict(
    const std::string& id, const std::vector<sql::TableName>& tables) const {
  for (const Known& other : roster_->all()) {
    if (other.id == id || !other.is_under_way()) {
      continue;
    }
    const auto outline = other.stored->outline().value_or(plan::Outline{});
    for (const sql::TableName& table : outline.tables) {
      if (std::ranges::find(tables, table) != tables.end()) {
        return Conflict{other.id, table.display()};
      }
    }
  }
  return std::nullopt;
}

void Campaign::leave_for(const Known& known,
                         const Conflict& rival,
                         bool is_asked) {
  const std::string reason = fmt::format(
      "waits for the contract of {}: both touch {}", rival.id, rival.table);
  const Known& other = roster_->get(rival.id);
  leave_waiting(known, reason, is_asked,
                refused("apply.conflict", known, reason)
                    .hint(fmt::format("run `{}` first", other.next_command())));
}

void Campaign::leave_waiting(const Known& known,
                             const std::string& reason,
                             bool is_asked,
                             Error problem) {
  if (!is_asked && !allow_waiting) {
    left_for_later_.push_back(
        fmt::format("{} {}: {}", known.id, reason, problem.hint()));
  }
  leave(known.id, reason,
        is_asked ? std::optional(std::move(problem)) : std::nullopt);
}

void Campaign::leave_unplanned(const Known& known, const Error& problem) {
  if (!unplanned_) {
    unplanned_ = problem;
  }
  const std::string reason = "cannot be planned, see above";
  left_for_later_.push_back(fmt::format("{} {}", known.id, reason));
  leave(known.id, reason, std::nullopt);
}

void Campaign::warn_if_late(const Known& known) {
  for (const Known& other : roster_->all()) {
    const bool is_later =
        other.id > known.id && other.standing() != Standing::pending;
    if (is_later) {
      reporter_->on(report::Warning{
          known.id, "apply.late-id",
          fmt::format("{} runs after {}, though its id sorts before", known.id,
                      other.id),
          ""});
      return;
    }
  }
}

void Campaign::start(const Known& known, bool is_asked) {
  if (const auto missing = unmet(known); !missing.empty()) {
    const std::string reason =
        fmt::format("waits for the switch of {}", fmt::join(missing, ", "));
    leave_waiting(known, reason, is_asked,
                  refused("apply.dependency", known, reason)
                      .hint("run `pgexpand status` to see what it depends on"));
    return;
  }
  const Drafted drafted =
      draft(*known.spec, target_.settings_for(known.spec),
            state_schema(target_), runner_->work(), runner_->arrival());
  const auto rival = conflict(
      known.id, drafted.plan ? tables_of(*drafted.plan) : drafted.tables);
  if (rival) {
    // Findings on a table that another migration is changing say nothing.
    leave_for(known, *rival, is_asked);
    return;
  }
  try {
    target_.show_and_stop(drafted.findings);
  } catch (const Error& error) {
    if (is_asked) {
      throw;
    }
    leave_unplanned(known, error);
    return;
  }
  if (!drafted.plan) {
    throw Error(ErrorKind::internal, "plan.missing",
                fmt::format("{} has no plan and no finding", known.id));
  }
  warn_if_late(known);
  const std::string id = known.id;
  auto& session = runner_->work();
  pg::Transaction transaction(session, {});
  store().start(*drafted.plan, known.spec->text, through);
  transaction.commit();
  refresh();
  go_on(id, through);
}

}  // namespace pgexpand::campaign
