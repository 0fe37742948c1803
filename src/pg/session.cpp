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

}  // namespace pgexpand::pg
