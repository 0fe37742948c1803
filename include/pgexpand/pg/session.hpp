#pragma once

#include "pgexpand/base/error.hpp"
#include "pgexpand/base/fault.hpp"
#include "pgexpand/sql/settings.hpp"
#include "pgexpand/sql/statement.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgexpand::pg {

using Value = std::optional<std::string>;  ///< nullopt is SQL NULL.
using Row = std::vector<Value>;

struct Result {
  std::vector<Row> rows;
  std::vector<std::string> columns;
  std::vector<std::uint32_t> column_types;     ///< Oids; of a domain its base.
  std::vector<std::int32_t> column_modifiers;  ///< -1: none.
  std::int64_t affected_rows = 0;
  std::string tag;  ///< `UPDATE 3`, `COMMIT`, `ROLLBACK`.

  /// The only value of the only row. Asserts that there is one.
  [[nodiscard]] const Value& single() const;
};

struct Notice {
  std::string severity;  ///< Not localised: LOG, NOTICE, WARNING.
  std::string sqlstate;
  std::string message;
  std::string detail;
};

/// How long a statement may wait and run before the server cancels it.
struct Timeouts {
  std::chrono::milliseconds lock{300};     ///< lock_timeout; 0 = no limit.
  std::chrono::milliseconds statement{0};  ///< statement_timeout; 0 = none.
};

/// What became of statements that were sent together.
struct Answers {
  std::vector<Result> results;  ///< Of those that were done, in order.
  /// Of the one after the last result. In a transaction nothing that came
  /// after it had an effect, a COMMIT neither.
  std::optional<Error> error{};

  /// Throws the error, if there is one.
  void check() const {
    if (error) {
      throw Error(*error);
    }
  }
};

/// One server connection, with the settings of safety.md made and read back.
///
/// Errors are Error with the server's SQLSTATE:
///   lock_timeout  55P03, 40P01
///   connection    the link broke, or the server ended the session (57P01),
///                 outside COMMIT
///   in_doubt      the link broke while COMMIT was on its way
///   database      everything else
/// The server's DETAIL, and the MESSAGE of classes 22 and 23, are withheld
/// unless show_data was asked for at connect. A lost connection is never
/// replaced silently: after it every call throws Error(connection).
/// One thread, one session; cancel() and shut_down() may come from any thread.
class Session {
 public:
  Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  virtual ~Session() = default;

  /// Runs exactly one statement, in the open transaction or by itself.
  virtual Result run(const sql::Statement& statement) = 0;
  /// The same with $1, $2 … as text parameters.
  virtual Result run(const sql::Statement& statement,
                     const std::vector<Value>& parameters) = 0;

  /// Keeps a statement back until the next run(), commit() or flush(), which
  /// sends it ahead of its own: so many statements cost one round trip. An
  /// error of it is thrown by that call. What was not sent when a transaction
  /// ends is forgotten with it; outside of one each statement is by itself.
  virtual void queue(const sql::Statement& statement,
                     const std::vector<Value>& parameters);
  void queue(const sql::Statement& statement) { queue(statement, {}); }
  /// A moment between two statements that are queued, for tests.
  virtual void queue(FaultPoint point);
  /// How many statements are queued.
  [[nodiscard]] virtual std::size_t queued() const {
    return early_.results.size();
  }
  /// Sends what is queued. Each statement has the time limits of its own that
  /// it would have alone, and while the server waits for the next one the
  /// idle_in_transaction_session_timeout counts.
  virtual Answers flush();
  /// Opens a transaction with these limits: together with its first statement.
  virtual void begin(const Timeouts& timeouts);
  /// COMMIT, so that one flush may hold several transactions. After one that
  /// failed the next is begun all the same: it has to see for itself whether
  /// what it builds on is there.
  virtual void queue_commit();
  /// Forgets what is queued, and ends the transaction if the server has one.
  virtual void rollback();

  [[nodiscard]] virtual bool in_transaction() const = 0;
  [[nodiscard]] virtual bool is_open() const noexcept = 0;
  [[nodiscard]] virtual int server_version_num() const = 0;
  /// As the server counts it (pg_backend_pid()).
  [[nodiscard]] virtual int backend_pid() const = 0;
  /// The backend's start, as text, exact: with the pid it is unique.
  [[nodiscard]] virtual std::string backend_start() const = 0;
  /// Notices since the last call.
  virtual std::vector<Notice> take_notices() = 0;
  /// The server's MESSAGE of the last failed call, withheld or not. Show it
  /// only if the statement read no rows.
  [[nodiscard]] virtual std::string full_message() const { return {}; }

  /// How long the statement under way has had no answer; zero between
  /// statements. Any thread.
  [[nodiscard]] virtual std::chrono::milliseconds unanswered() const noexcept {
    return {};
  }
  /// Asks the server to cancel the running statement. Takes 5 s at most: when
  /// the request cannot be delivered by then, the session is shut down, so that
  /// it never hits a later statement. Any thread. Never throws.
  virtual void cancel() noexcept = 0;
  /// Ends a hung call by shutting the socket. Any thread. Never throws.
  virtual void shut_down() noexcept = 0;

 protected:
  /// Of a session that runs what is queued at once: whether one has failed
  /// since the last flush().
  [[nodiscard]] bool has_failed() const { return early_.error.has_value(); }

 private:
  Answers early_;
};

/// A transaction block: from its first statement on, ROLLBACK when it goes out
/// of scope unless committed. READ COMMITTED.
class Transaction {
 public:
  /// lock_timeout and statement_timeout are for this transaction only.
  Transaction(Session& session, const Timeouts& timeouts);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Throws Error(in_doubt) if the link breaks meanwhile, and Error(database)
  /// if the server answers COMMIT with ROLLBACK.
  void commit() { commit_together().check(); }
  /// The same with the answers to what was queued, to COMMIT and to `then`, if
  /// the link lasted so long; an error that means that nothing was committed,
  /// or in doubt, is returned, not thrown.
  [[nodiscard]] Answers commit_together(
      const std::vector<sql::Statement>& then = {});
  void rollback();

 private:
  Session& session_;
  bool is_open_ = true;
};

/// SET ROLE for a scope, for rights that are not inherited. Nothing if `role`
/// is empty. A session that broke meanwhile needs no way back.
class ActingAs {
 public:
  ActingAs(Session& session, const std::string& role);
  ~ActingAs();
  ActingAs(const ActingAs&) = delete;
  ActingAs& operator=(const ActingAs&) = delete;

 private:
  Session* session_ = nullptr;
};

/// What opens a transaction: BEGIN, and its limits.
[[nodiscard]] std::vector<sql::Statement> opening_statements(
    const Timeouts& timeouts);

/// May the role keep ordinary triggers from firing?
[[nodiscard]] bool may_set_replication_role(Session& session);

struct ConnectOptions {
  std::string dsn;  ///< libpq URI or keywords; empty: libpq's own defaults.
  std::string application_name = "pgexpand";
  bool read_only = false;  ///< default_transaction_read_only = on.
  bool show_data = false;  ///< Do not withhold row contents in errors.
  std::chrono::milliseconds connect_timeout{10'000};
  /// A statement without an answer for so long means that the link is dead.
  /// Zero: wait for ever. While connecting it is connect_timeout.
  std::chrono::milliseconds answer_limit{0};
  /// Behind a pooler return a session without our settings, good for a look,
  /// instead of throwing.
  bool allow_pooler = false;
};

/// What the connection looked like before our settings were made.
struct Arrival {
  std::vector<std::string> search_path;  ///< Existing schemas, quoted.
  /// Those of them in which everybody may create something.
  std::vector<std::string> open_schemas{};
  sql::Settings settings;      ///< sql::value_settings and syntax_settings.
  bool behind_pooler = false;  ///< PQbackendPID differs from pg_backend_pid().
  bool is_standby = false;     ///< pg_is_in_recovery().
  std::string host;            ///< For display; no secret.
  std::string database;
  std::string user;
  std::string session_replication_role;
  std::string server_version;
  std::vector<std::string> warnings;  ///< For the person, one line each.
};

struct Connection {
  std::unique_ptr<Session> session;
  Arrival arrival;
};

/// Opens a session and makes the settings of safety.md. Throws
/// Error(connection, "pg.cannot-connect") without any part of the DSN that
/// could be a password; Error(usage, "pg.bad-dsn") for one libpq cannot read;
/// Error(refused) for a server older than 14, a hostile setting that cannot be
/// changed, or a pooler ("pg.pooler"), on whose server connections nothing is
/// left behind.
[[nodiscard]] Connection connect(const ConnectOptions& options);

}  // namespace pgexpand::pg
