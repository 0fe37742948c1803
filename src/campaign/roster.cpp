#include "pgexpand/campaign/roster.hpp"

#include "pgexpand/base/error.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <sstream>

namespace pgexpand::campaign {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (line.ends_with('\r')) {
      line.pop_back();
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

std::string_view name(Standing standing) noexcept {
  switch (standing) {
    case Standing::pending:
      return "pending";
    case Standing::interrupted:
      return "interrupted";
    case Standing::waits_for_switch:
      return "waits_for_switch";
    case Standing::switched:
      return "switched";
    case Standing::contracting:
      return "contracting";
    case Standing::contracted:
      return "contracted";
    case Standing::paused:
      return "paused";
    case Standing::rolling_back:
      return "rolling_back";
  }
  return "";
}

Standing Known::standing() const {
  if (stored == nullptr || stored->status == state::Status::pending) {
    return Standing::pending;
  }
  if (stored->status == state::Status::contracted) {
    return Standing::contracted;
  }
  if (stored->status == state::Status::rolling_back) {
    return Standing::rolling_back;
  }
  if (stored->paused) {
    return Standing::paused;
  }
  if (stored->running == plan::Phase::contract) {
    return Standing::contracting;
  }
  if (is_switched()) {
    return Standing::switched;
  }
  const bool is_verified = stored->completed == plan::Phase::verify &&
                           stored->running != plan::Phase::switch_over;
  return is_verified && stored->is_visible ? Standing::waits_for_switch
                                           : Standing::interrupted;
}

bool Known::is_under_way() const {
  return stored != nullptr && (stored->status == state::Status::in_progress ||
                               stored->status == state::Status::rolling_back);
}

bool Known::is_switched() const {
  if (stored == nullptr || stored->status == state::Status::pending ||
      stored->status == state::Status::rolling_back) {
    return false;
  }
  return stored->status == state::Status::contracted ||
         (stored->completed && *stored->completed >= plan::Phase::switch_over);
}

bool Known::spec_changed() const {
  return spec != nullptr && is_under_way() && spec->hash != stored->spec_hash;
}

bool Known::file_missing() const { return spec == nullptr && is_under_way(); }

std::vector<std::string> Known::depends_on() const {
  const auto outline = is_under_way() ? stored->outline() : std::nullopt;
  if (outline) {
    return outline->depends_on;
  }
  return spec == nullptr ? std::vector<std::string>{} : spec->depends_on;
}

std::string Known::plan_problem() const {
  if (!is_under_way()) {
    return "";
  }
  try {
    static_cast<void>(stored->plan());
    return "";
  } catch (const Error& error) {
    return fmt::format("{}; {}", error.message(), error.hint());
  }
}

std::string Known::next_command() const {
  switch (standing()) {
    case Standing::pending:
      return "pgexpand apply";
    case Standing::interrupted:
      return fmt::format("pgexpand {} {}", file_missing() ? "resume" : "apply",
                         id);
    case Standing::waits_for_switch:
      return fmt::format("pgexpand switch {}", id);
    case Standing::switched:
    case Standing::contracting:
      return fmt::format("pgexpand contract {}", id);
    case Standing::paused:
      return fmt::format("pgexpand resume {}", id);
    case Standing::rolling_back:
      return fmt::format("pgexpand rollback {}", id);
    case Standing::contracted:
      return "";
  }
  return "";
}

Roster::Roster(std::vector<spec::MigrationSpec> specs,
               std::vector<state::Migration> stored)
    : specs_(std::move(specs)), stored_(std::move(stored)) {
  join();
}

void Roster::update(std::vector<state::Migration> stored) {
  stored_ = std::move(stored);
  join();
}

void Roster::join() {
  std::map<std::string, Known> by_id;
  for (const spec::MigrationSpec& spec : specs_) {
    by_id[spec.id].spec = &spec;
  }
  for (const state::Migration& stored : stored_) {
    const bool is_gone =
        stored.status == state::Status::pending && !by_id.contains(stored.id);
    if (!is_gone) {
      by_id[stored.id].stored = &stored;
    }
  }
  known_.clear();
  for (auto& [id, known] : by_id) {
    known.id = id;
    known_.push_back(known);
  }
}

const Known* Roster::find(const std::string& id) const {
  const auto found = std::ranges::find(known_, id, &Known::id);
  return found == known_.end() ? nullptr : &*found;
}

const Known& Roster::get(const std::string& id) const {
  if (const Known* known = find(id)) {
    return *known;
  }
  std::vector<std::string> ids;
  for (const Known& known : known_) {
    ids.push_back(known.id);
  }
  const auto meant = spec::did_you_mean(id, ids);
  throw Error(ErrorKind::usage, "cli.unknown-migration",
              fmt::format("there is no migration \"{}\", neither as a file nor "
                          "in the database",
                          id))
      .hint(meant ? fmt::format("did you mean {}?", *meant)
                  : "run `pgexpand status` to see all of them");
}

std::vector<const Known*> Roster::in_order(
    const std::vector<std::string>& ids) const {
  std::vector<const Known*> order;
  std::set<std::string> seen;
  const std::function<void(const Known&)> visit = [&](const Known& known) {
    if (!seen.insert(known.id).second) {
      return;
    }
    for (const std::string& id : known.depends_on()) {
      if (const Known* needed = find(id)) {
        visit(*needed);
      }
    }
    order.push_back(&known);
  };
  std::vector<std::string> sorted = ids;
  std::ranges::sort(sorted);
  for (const std::string& id : sorted) {
    visit(get(id));
  }
  if (ids.empty()) {
    std::ranges::for_each(known_, visit);
  }
  return order;
}

std::string spec_difference(const std::string& stored_text,
                            const std::string& text_now) {
  const auto before = lines_of(stored_text);
  const auto now = lines_of(text_now);
  const auto [old_line, new_line] = std::ranges::mismatch(before, now);
  const auto number = old_line - before.begin() + 1;
  const auto shown = [](auto line, const auto& lines) {
    return line == lines.end() ? std::string("(end of file)")
                               : fmt::format("\"{}\"", *line);
  };
  return fmt::format("line {} was {} and is {}", number,
                     shown(old_line, before), shown(new_line, now));
}

}  // namespace pgexpand::campaign
