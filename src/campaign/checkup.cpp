// What a server's state means for a migration.
#include "campaign/checks.hpp"
#include "pgexpand/base/units.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace pgexpand::campaign {
namespace {

using std::chrono::milliseconds;

/// Longer than any request of an application should last.
constexpr milliseconds long_transaction{60'000};
/// More than three of them say the same.
constexpr std::size_t most_named = 3;
/// The server stops at 2^31; it warns at 40 million before that.
constexpr std::int64_t old_transaction_ids = 1'600'000'000;
/// One WAL segment more or less is nothing.
constexpr std::int64_t much_wal = std::int64_t{1} << 30;

class Area {
 public:
  Area(const char* name, std::vector<Check>& checks)
      : name_(name), checks_(checks), start_(checks.size()) {}

  void note(std::string message, std::string cure = {}) {
    add(Verdict::note, "", std::move(message), std::move(cure));
  }
  void warn(const char* code, std::string message, std::string cure) {
    add(Verdict::warning, code, std::move(message), std::move(cure));
  }
  void refuse(const char* code, std::string message, std::string cure) {
    add(Verdict::refusal, code, std::move(message), std::move(cure));
  }
  /// Only where nothing was found.
  void else_ok(std::string message) {
    if (checks_.size() == start_) {
      add(Verdict::ok, "", std::move(message), "");
    }
  }

 private:
  void add(Verdict verdict,
           const char* code,
           std::string message,
           std::string cure) {
    checks_.push_back({.area = name_,
                       .verdict = verdict,
                       .code = code,
                       .message = std::move(message),
                       .cure = std::move(cure)});
  }

  const char* name_;
  std::vector<Check>& checks_;
  std::size_t start_;
};

std::string value(const pg::Health& health, const char* setting) {
  const auto found = health.settings.find(setting);
  return found == health.settings.end() ? "" : found->second;
}

void check_deadlock_timeout(const Surroundings& at, Area& area) {
  const std::string text = value(at.health, "deadlock_timeout");
  const milliseconds limit(text.empty() ? 1000 : std::stoll(text));
  if (at.settings.lock_timeout >= limit) {
    area.warn("doctor.deadlock-timeout",
              fmt::format("lock.timeout = {} is not below the server's "
                          "deadlock_timeout = {}: the shorter one holds",
                          format_duration(at.settings.lock_timeout),
                          format_duration(limit)),
              "lower lock.timeout");
  }
}

void check_switches(const pg::Health& health, Area& area) {
  const auto must_be_on = [&](const char* setting, const char* code,
                              const char* otherwise) {
    if (value(health, setting) == "off") {
      area.warn(code, fmt::format("{} is off: {}", setting, otherwise),
                fmt::format("ALTER SYSTEM SET {} = on", setting));
    }
  };
  must_be_on("autovacuum", "doctor.autovacuum-off",
             "nobody cleans up after a backfill, and the table grows");
  must_be_on("track_counts", "doctor.autovacuum-off",
             "autovacuum learns nothing of a backfill, and the table grows");
  must_be_on("track_activities", "doctor.blind",
             "who is in the way cannot be told");
}

void check_lag(const Surroundings& at, Area& area) {
  const auto max_lag = at.settings.backfill_max_lag;
  for (const pg::StandbyHealth& standby : at.health.standbys) {
    if (standby.state.empty()) {
      area.note(
          fmt::format("standby {}: its lag is not ours to see", standby.name));
    } else if (max_lag && standby.lag > *max_lag) {
      area.warn("doctor.standby-behind",
                fmt::format("standby {} is {} behind: a backfill waits until "
                            "it is less than {}",
                            standby.name, human_duration(standby.lag),
                            format_duration(*max_lag)),
                "find out why, or set backfill.max_lag");
    } else {
      area.note(fmt::format("standby {} is {}, {} behind", standby.name,
                            standby.state, human_duration(standby.lag)));
    }
  }
}

void check_synchronous(const pg::Health& health, Area& area) {
  const std::string names = value(health, "synchronous_standby_names");
  const std::string commit = value(health, "synchronous_commit");
  const auto is_sync = [](const auto& each) { return each.is_synchronous; };
  const auto is_hidden = [](const auto& each) { return each.state.empty(); };
  if (!names.empty() && commit != "off" && commit != "local" &&
      std::ranges::none_of(health.standbys, is_sync) &&
      std::ranges::none_of(health.standbys, is_hidden)) {
    area.warn("doctor.no-synchronous-standby",
              fmt::format("synchronous_standby_names = '{}', and no such "
                          "standby is connected: every commit waits",
                          names),
              "bring one back, or ALTER SYSTEM RESET "
              "synchronous_standby_names");
  }
}

void check_slot(const pg::SlotHealth& slot,
                const pg::Health& health,
                Area& area) {
  const std::string drop = fmt::format("SELECT pg_drop_replication_slot({})",
                                       sql::quote_literal(slot.name));
  if (slot.wal_status == "lost") {
    area.warn("doctor.slot-lost",
              fmt::format("replication slot {} is lost: its consumer cannot "
                          "continue",
                          slot.name),
              drop + " and set its consumer up anew");
  } else if (slot.wal_status == "unreserved") {
    area.warn("doctor.slot-in-danger",
              fmt::format("replication slot {} is about to lose its WAL: a "
                          "backfill waits for it",
                          slot.name),
              slot.is_active ? "let its consumer catch up, or raise "
                               "max_slot_wal_keep_size"
                             : drop + ", or bring its consumer back");
  } else if (!slot.is_active) {
    const bool is_limited = value(health, "max_slot_wal_keep_size") != "-1";
    area.warn("doctor.slot-inactive",
              fmt::format("nobody uses replication slot {}: it keeps {} of "
                          "WAL, and all that a backfill writes{}",
                          slot.name, human_size(slot.retained_bytes),
                          is_limited ? ", up to max_slot_wal_keep_size" : ""),
              "bring its consumer back, or " + drop);
  } else if (slot.retained_bytes > much_wal) {
    area.note(fmt::format("replication slot {} is {} behind", slot.name,
                          human_size(slot.retained_bytes)));
  }
}

void check_publications(const Surroundings& at, std::vector<Check>& checks) {
  Area area("publications", checks);
  for (const TableToMigrate& table : at.tables) {
    if (!table.publications.empty()) {
      area.warn("doctor.published",
                fmt::format("table {} is in publication {}: a column added "
                            "only here stops its subscribers",
                            table.name.display(),
                            fmt::join(table.publications, ", ")),
                "add the column on every subscriber first, then add `allow: "
                "[published]`");
    }
  }
  for (const pg::Publication& publication : at.health.publications) {
    area.note(fmt::format(
        "publication {}{}", publication.name,
        publication.all_tables ? " has all tables, ours as well" : ""));
  }
  area.else_ok("none");
}

}  // namespace

std::string_view name(Verdict verdict) noexcept {
  switch (verdict) {
    case Verdict::ok:
      return "ok";
    case Verdict::note:
      return "note";
    case Verdict::warning:
      return "warning";
    case Verdict::refusal:
      return "refused";
  }
  return "";
}

void check_settings(const Surroundings& at, std::vector<Check>& checks) {
  Area area("settings", checks);
  check_deadlock_timeout(at, area);
  check_switches(at.health, area);
  if (at.health.transaction_id_age > old_transaction_ids) {
    area.warn("doctor.wraparound",
              fmt::format("the oldest transaction id is {} back: at 2.1 "
                          "billion the server stops",
                          human_count(at.health.transaction_id_age)),
              "VACUUM (FREEZE) the database first");
  }
  for (const std::string& trigger : at.health.event_triggers) {
    area.note(
        fmt::format("event trigger {} sees what a migration changes, and "
                    "may stop it",
                    trigger));
  }
  area.else_ok(
      "none of the server's is in the way; each session makes its own");
}

void check_transactions(const Surroundings& at, std::vector<Check>& checks) {
  Area area("transactions", checks);
  std::size_t named = 0;
  std::size_t more = 0;
  for (const pg::OpenTransaction& open : at.health.transactions) {
    const std::string age = human_duration(open.age);
    if (open.age < long_transaction) {
      continue;
    }
    if (++named > most_named) {
      ++more;
    } else if (open.pid == 0) {
      area.warn("doctor.prepared-transaction",
                fmt::format("prepared transaction {} has waited for {}: it "
                            "keeps its locks, and dead rows",
                            sql::quote_literal(open.name), age),
                fmt::format("COMMIT PREPARED {0}, or ROLLBACK PREPARED {0}",
                            sql::quote_literal(open.name)));
    } else {
      area.warn("doctor.long-transaction",
                fmt::format("pid {} ({}, {}) has a transaction open for {}: it "
                            "holds up locks and index builds, and keeps dead "
                            "rows",
                            open.pid, open.name.empty() ? "no name" : open.name,
                            open.state, age),
                fmt::format("wait for its end, or SELECT "
                            "pg_terminate_backend({})",
                            open.pid));
    }
  }
  if (more > 0) {
    area.note(fmt::format("{} more are open for longer than {}", more,
                          human_duration(long_transaction)));
  }
  if (at.health.hidden_transactions > 0) {
    area.note(
        fmt::format("how long {} transactions of other roles have been "
                    "open is not ours to see",
                    at.health.hidden_transactions));
  }
  area.else_ok(fmt::format("none is open for longer than {}",
                           human_duration(long_transaction)));
}

void check_replication(const Surroundings& at, std::vector<Check>& checks) {
  Area area("replication", checks);
  check_lag(at, area);
  check_synchronous(at.health, area);
  for (const pg::SlotHealth& slot : at.health.slots) {
    check_slot(slot, at.health, area);
  }
  area.else_ok("no standbys, and no slots that keep WAL");
  check_publications(at, checks);
}

void check_disk(const Surroundings& at, std::vector<Check>& checks) {
  Area area("disk", checks);
  const pg::DiskHealth& disk = at.health.disk;
  if (disk.archiving_fails) {
    area.warn("doctor.archiving-fails",
              "the last attempt to archive WAL failed: until one works, WAL "
              "stays on the disk",
              "mend archive_command; see pg_stat_archiver");
  }
  std::int64_t sum = 0;
  for (const TableToMigrate& table : at.tables) {
    sum += table.size_bytes;
    area.note(fmt::format("table {} has {} with its indexes",
                          table.name.display(), human_size(table.size_bytes)));
  }
  if (sum > 0) {
    area.note(
        fmt::format("a backfill writes every row anew: have {} free for "
                    "the tables, and as much for WAL that cannot be "
                    "removed yet",
                    human_size(sum)));
  }
  area.note(fmt::format(
      "the database has {}{}", human_size(disk.database_bytes),
      disk.wal_bytes ? fmt::format(", WAL {}", human_size(*disk.wal_bytes))
                     : std::string()));
  area.note(
      "how much is free on the server's disks no client can see: look there");
}

std::vector<Check> check_up(const Surroundings& surroundings) {
  std::vector<Check> checks;
  check_pooler(surroundings.arrival, checks);
  if (surroundings.arrival.behind_pooler) {
    return checks;
  }
  for (const auto check : {check_connection, check_rights, check_settings,
                           check_transactions, check_replication, check_disk}) {
    check(surroundings, checks);
  }
  return checks;
}

}  // namespace pgexpand::campaign
