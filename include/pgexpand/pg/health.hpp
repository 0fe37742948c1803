#pragma once

#include "pgexpand/pg/session.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace pgexpand::pg {

/// Whoever has a transaction open.
struct OpenTransaction {
  int pid = 0;       ///< 0: a prepared one.
  std::string name;  ///< application_name, or the gid of a prepared one.
  std::string state;
  std::chrono::milliseconds age{0};
};

struct StandbyHealth {
  std::string name;
  std::string state;  ///< Empty: the role may not see it.
  bool is_synchronous = false;
  std::chrono::milliseconds lag{0};  ///< 0 when it has replayed everything.
};

struct SlotHealth {
  std::string name;
  bool is_active = false;
  std::string wal_status;           ///< reserved, extended, unreserved, lost.
  std::int64_t retained_bytes = 0;  ///< WAL that it keeps on the disk.
};

struct Publication {
  std::string name;
  bool all_tables = false;
};

/// The tables of one owner, and whether the session's role has its rights.
struct TableOwner {
  std::string name;
  bool is_superuser = false;
  std::int64_t tables = 0;
  bool may_act = false;     ///< It has them.
  bool may_become = false;  ///< It gets them by SET ROLE only.
};

/// What the session's role may do.
struct RoleHealth {
  std::string name;
  /// Whom a run becomes by SET ROLE: the one owner of which that can be said,
  /// else `name`.
  std::string acts_as;
  bool sees_activity = false;      ///< Either of them: pg_read_all_stats.
  bool may_skip_triggers = false;  ///< `acts_as` may.
  std::vector<TableOwner> owners;  ///< Of all tables that are not the server's.
};

struct ConnectionHealth {
  bool is_local = false;   ///< A Unix socket.
  std::string encryption;  ///< TLSv1.3; empty: none.
  std::int64_t free = 0;   ///< Further connections that the role may open.
};

/// What a client can know of the disk.
struct DiskHealth {
  std::int64_t database_bytes = 0;
  std::optional<std::int64_t> wal_bytes;  ///< nullopt: not ours to see.
  bool archiving_fails = false;           ///< WAL piles up meanwhile.
};

/// What a server looks like before a migration, as far as the role may see it.
struct Health {
  RoleHealth role;
  ConnectionHealth connection;
  /// Of the server, by name: autovacuum, deadlock_timeout (ms), …
  std::map<std::string, std::string> settings;
  std::int64_t transaction_id_age = 0;  ///< Of the database; 2^31 is the end.
  std::vector<OpenTransaction> transactions;
  std::int64_t hidden_transactions = 0;  ///< Their age is not ours to see.
  std::vector<StandbyHealth> standbys;
  std::vector<SlotHealth> slots;
  std::vector<Publication> publications;
  std::vector<std::string> event_triggers;  ///< Those that see DDL.
  DiskHealth disk;
};

/// Reads it all, in one read-only transaction. Needs no right: what the role
/// may not see is left out, or marked. `state_schema` is not counted among the
/// tables. A role that may see less than the one owner whose rights it gets by
/// SET ROLE looks as that one, as a run does.
[[nodiscard]] Health read_health(Session& session,
                                 const std::string& state_schema);

}  // namespace pgexpand::pg
