#include "pgexpand/pg/session.hpp"

#include "pgexpand/base/assert.hpp"

#include <utility>

namespace pgexpand::pg {

const Value& Result::single() const {
  PGEXPAND_ASSERT(rows.size() == 1 && rows.front().size() == 1);
  return rows.front().front();
}

void Session::queue(const sql::Statement& statement,
                    const std::vector<Value>& parameters) {
  if (early_.error) {
    return;
  }
  try {
    early_.results.push_back(run(statement, parameters));
  } catch (const Error& error) {
    early_.error = error;
  }
}

void Session::queue(FaultPoint point) { reach(point); }

Answers Session::flush() { return std::exchange(early_, {}); }

void Session::begin(const Timeouts& timeouts) {
  for (const sql::Statement& statement : opening_statements(timeouts)) {
    run(statement);
  }
}

// As a server answers a COMMIT after an error.
void Session::queue_commit() {
  if (!early_.error) {
    queue(sql::Statement::of("COMMIT"));
  } else if (is_open()) {
    rollback();
  }
}

void Session::rollback() { run(sql::Statement::of("ROLLBACK")); }

// SET, not set_config(): a query would take a snapshot, after which the caller
// could not choose another isolation level.
std::vector<sql::Statement> opening_statements(const Timeouts& timeouts) {
  return {sql::Statement::of("BEGIN ISOLATION LEVEL READ COMMITTED"),
          sql::Statement::of("SET LOCAL lock_timeout = {}",
                             std::int64_t{timeouts.lock.count()}),
          sql::Statement::of("SET LOCAL statement_timeout = {}",
                             std::int64_t{timeouts.statement.count()})};
}

Transaction::Transaction(Session& session, const Timeouts& timeouts)
    : session_(session) {
  try {
    session_.begin(timeouts);
  } catch (...) {
    rollback();
    throw;
  }
}

Transaction::~Transaction() {
  try {
    rollback();
  } catch (const Error&) {
    // The link is gone, and the transaction with it; the next call will say
    // so. A destructor must not throw.
    return;
  }
}

Answers Transaction::commit_together(const std::vector<sql::Statement>& then) {
  is_open_ = false;
  const std::size_t at_commit = session_.queued();
  session_.queue_commit();
  for (const sql::Statement& statement : then) {
    session_.queue(statement);
  }
  Answers answers = session_.flush();
  if (answers.results.size() <= at_commit) {
    return answers;
  }
  answers.error.reset();
  if (const auto& tag = answers.results.at(at_commit).tag; tag != "COMMIT") {
    answers.error = Error(ErrorKind::database, "pg.commit-rolled-back",
                          "the server answered COMMIT with " + tag);
  }
  return answers;
}

void Transaction::rollback() {
  if (is_open_) {
    is_open_ = false;
    if (session_.is_open()) {
      session_.rollback();
    }
  }
}

ActingAs::ActingAs(Session& session, const std::string& role) {
  if (!role.empty()) {
    session.run(sql::Statement::of("SET ROLE {}", sql::Identifier(role)));
    session_ = &session;
  }
}

ActingAs::~ActingAs() {
  try {
    if (session_ != nullptr && session_->is_open()) {
      session_->run(sql::Statement::of("RESET ROLE"));
    }
  } catch (const Error&) {
    // As with a transaction: the next call will say what is wrong.
    return;
  }
}

// From 15 on the right can be granted; before, only a superuser has it.
bool may_set_replication_role(Session& session) {
  const bool can_be_granted = session.server_version_num() >= 150000;
  const Result asked = session.run(
      can_be_granted ? sql::Statement::of("SELECT has_parameter_privilege("
                                          "'session_replication_role', 'SET')")
                     : sql::Statement::of(
                           "SELECT current_setting('is_superuser') = 'on'"));
  return asked.single() == "t";
}

}  // namespace pgexpand::pg
