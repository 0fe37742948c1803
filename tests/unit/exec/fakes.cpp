#include "unit/exec/fakes.hpp"

#include <algorithm>

namespace pgexpand::exec::testing {
namespace {

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

pg::Result one(pg::Value value) {
  return {.rows = {{std::move(value)}}, .columns = {"epoch"}};
}

}  // namespace

int FakeSession::find(std::string_view text, int from) const {
  for (auto i = static_cast<std::size_t>(from); i < log.size(); ++i) {
    if (has(log[i], text)) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

int FakeSession::count(std::string_view text) const {
  return static_cast<int>(std::ranges::count_if(
      log, [&](const std::string& line) { return has(line, text); }));
}

int FakeSession::sent(std::string_view statement) const {
  return static_cast<int>(std::ranges::count(log, statement));
}

void FakeSession::fail_if_asked(const std::string& text) {
  for (Failure& failure : failures_) {
    if (failure.times > 0 && has(text, failure.text)) {
      --failure.times;
      if (failure.error.kind() == ErrorKind::connection ||
          failure.error.kind() == ErrorKind::in_doubt) {
        open = false;
        if (before_) {
          tables = *std::exchange(before_, std::nullopt);
        }
      }
      throw failure.error;
    }
  }
}

void FakeSession::transact(const std::string& text) {
  if (text.starts_with("BEGIN")) {
    before_ = tables;
  } else if (text == "COMMIT") {
    before_.reset();
  } else if (text == "ROLLBACK") {
    tables = *std::exchange(before_, std::nullopt);
  }
}

pg::Result FakeSession::run(const sql::Statement& statement,
                            const std::vector<pg::Value>& parameters) {
  const std::string& text = statement.text();
  log.push_back(text);
  for (const auto& value : parameters) {
    log.back() += " | " + value.value_or("NULL");
  }
  fail_if_asked(text);
  transact(text);
  for (const auto& [part, result] : answers_) {
    if (has(text, part)) {
      return result();
    }
  }
  return state_answer(text, parameters);
}

pg::Result FakeSession::state_answer(const std::string& text,
                                     const std::vector<pg::Value>& parameters) {
  const auto value = [&](std::size_t at) {
    return parameters.at(at).value_or("");
  };
  if (has(text, "SET epoch = epoch + 1")) {
    return {.rows = {{std::to_string(++tables.epoch), "here", "here"}},
            .columns = {"epoch", "home", "here"}};
  }
  if (has(text, "SELECT epoch FROM")) {
    return one(std::to_string(tables.epoch));
  }
  if (has(text, "SELECT id, status")) {
    return migration_row();
  }
  if (has(text, "SELECT step, status")) {
    return step_rows();
  }
  if (has(text, ".step AS s")) {
    tables.steps[value(1)] = value(2);
  } else if (has(text, "SET undo_done")) {
    tables.undo_done[value(1)] = value(2);
  } else if (has(text, "SET running = $2")) {
    tables.running = value(1);
  } else if (has(text, "SET completed = $2")) {
    tables.completed = parameters.at(1);
    tables.running.reset();
  } else if (has(text, "SET verify_clean")) {
    tables.verify_clean = value(1) == "true" ? "t" : "f";
  } else if (has(text, "'rolling_back'")) {
    tables.status = "rolling_back";
  } else if (has(text, "SET status = 'pending'")) {
    tables.status = "pending";
  } else if (has(text, "deadlock_timeout")) {
    return one("1000");
  } else if (has(text, "pg_current_xact_id") || has(text, "current_setting")) {
    return one("1");
  }
  return {.tag = text};
}

pg::Result FakeSession::migration_row() const {
  const std::vector<std::pair<std::string, pg::Value>> row{
      {"id", id},
      {"status", tables.status},
      {"completed", tables.completed},
      {"running", tables.running},
      {"through", {}},
      {"epoch", std::to_string(tables.epoch)},
      {"spec_text", ""},
      {"spec_hash", ""},
      {"plan", plan_json},
      {"plan_hash", ""},
      {"is_visible", "f"},
      {"paused", tables.paused ? "t" : "f"},
      {"paused_by", tables.paused ? "ann" : ""},
      {"poison", ""},
      {"live", "{}"},
      {"in_force", "{}"},
      {"started_at", ""},
      {"switched_at", ""},
      {"updated_at", ""},
      {"verify_clean", tables.verify_clean},
      {"verify_at", ""},
      {"verify_rows", "0"},
      {"verify_differences", "0"}};
  pg::Result result;
  result.rows.emplace_back();
  for (const auto& [column, cell] : row) {
    result.columns.push_back(column);
    result.rows.front().push_back(cell);
  }
  return result;
}

pg::Result FakeSession::step_rows() const {
  pg::Result result{
      .columns = {"step", "status", "attempts", "last_sqlstate", "undo_done"}};
  for (const auto& [name, status] : tables.steps) {
    const auto undone = tables.undo_done.find(name);
    result.rows.push_back(
        {name, status, "1", "",
         undone == tables.undo_done.end() ? "0" : undone->second});
  }
  return result;
}

plan::Step step(const std::string& id,
                plan::Phase phase,
                const std::string& text) {
  plan::Step made;
  made.id = id;
  made.title = "run " + text;
  made.phase = phase;
  made.action = plan::RunSql{.statements = {sql::Statement::verbatim(text)}};
  return made;
}

plan::Undo undo(const std::string& text) {
  plan::Undo made;
  made.title = "undo " + text;
  made.action = plan::RunSql{.statements = {sql::Statement::verbatim(text)}};
  return made;
}

Error server_error(ErrorKind kind, const std::string& sqlstate) {
  return Error(kind, "pg.test", "the server said no").sqlstate(sqlstate);
}

}  // namespace pgexpand::exec::testing
