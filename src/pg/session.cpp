#include "pgexpand/pg/session.hpp"

#include "pgexpand/base/assert.hpp"

namespace pgexpand::pg {

const Value& Result::single() const {
  PGEXPAND_ASSERT(rows.size() == 1 && rows.front().size() == 1);
  return rows.front().front();
}

Transaction::Transaction(Session& session, const Timeouts& timeouts)
    : session_(session) {
  session_.run(sql::Statement::of("BEGIN ISOLATION LEVEL READ COMMITTED"));
  try {
    // SET, not set_config(): a query would take a snapshot, after which the
    // caller could not choose another isolation level.
    session_.run(sql::Statement::of("SET LOCAL lock_timeout = {}",
                                    std::int64_t{timeouts.lock.count()}));
    session_.run(sql::Statement::of("SET LOCAL statement_timeout = {}",
                                    std::int64_t{timeouts.statement.count()}));
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

void Transaction::commit() {
  is_open_ = false;
  const Result result = session_.run(sql::Statement::of("COMMIT"));
  if (result.tag != "COMMIT") {
    throw Error(ErrorKind::database, "pg.commit-rolled-back",
                "the server answered COMMIT with " + result.tag);
  }
}

void Transaction::rollback() {
  if (is_open_) {
    is_open_ = false;
    if (session_.is_open()) {
      session_.run(sql::Statement::of("ROLLBACK"));
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
