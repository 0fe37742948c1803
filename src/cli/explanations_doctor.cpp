// Texts of what `pgexpand doctor` warns of.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr std::array texts{
    Explanation{
        "doctor.archiving-fails",
        "archive_command failed at its last attempt. WAL that is not archived\n"
        "cannot be removed, and a backfill writes a lot of it. A full disk\n"
        "stops the server."},
    Explanation{
        "doctor.autovacuum-off",
        "A backfill leaves a dead row for each one it fills. The walk tells\n"
        "the server how to reuse them where it can, but nobody removes the\n"
        "rest without autovacuum."},
    Explanation{
        "doctor.blind",
        "Before it stands in a queue for a lock, a run looks who is in the\n"
        "way. Of other roles' sessions it sees too little for that without\n"
        "pg_read_all_stats (pg_monitor has it), or when the server keeps no\n"
        "track of activities. Then it tries and times out, which is safe but\n"
        "takes longer."},
    Explanation{
        "doctor.deadlock-timeout",
        "Whoever waits longer than deadlock_timeout may be chosen to end a\n"
        "deadlock, and that could be your application. So a run waits for\n"
        "nine tenths of it at most, whatever lock.timeout says."},
    Explanation{
        "doctor.few-connections",
        "A run has one connection for its lease, one for its work, one to\n"
        "watch the server, and one for each further worker. Limits are those\n"
        "of the server, the database and the role."},
    Explanation{
        "doctor.long-transaction",
        "A transaction that stays open keeps its table locks, holds up each\n"
        "CREATE INDEX CONCURRENTLY on any table of the database, and keeps\n"
        "VACUUM from removing rows. A run waits for it, and names it."},
    Explanation{
        "doctor.no-synchronous-standby",
        "The server waits with each commit for a standby that is not there.\n"
        "So would every batch of a backfill."},
    Explanation{
        "doctor.not-encrypted",
        "The connection goes over TCP and is not encrypted. Whoever can read\n"
        "the network reads what is sent, and may change it."},
    Explanation{
        "doctor.open-schema",
        "Everybody may create functions in a schema of the search_path, as\n"
        "in `public` of databases made before PostgreSQL 15. What a table's\n"
        "CHECK, trigger or index calls runs with its owner's rights, so it\n"
        "must not find what just anybody put there: that schema is left out\n"
        "of the path meanwhile. A function that names a table of it without\n"
        "the schema then fails. `REVOKE CREATE ON SCHEMA public FROM PUBLIC`\n"
        "brings it back."},
    Explanation{
        "doctor.prepared-transaction",
        "A prepared transaction has no session: it stays, with its locks and\n"
        "its snapshot, until somebody commits or rolls it back, also over a\n"
        "restart. One that is old was probably forgotten by its coordinator."},
    Explanation{
        "doctor.published",
        "Logical replication sends the new column's values to a subscriber\n"
        "that does not have the column, and stops there. See\n"
        "`pgexpand explain table.published`."},
    Explanation{
        "doctor.slot-in-danger",
        "The slot keeps more WAL than max_slot_wal_keep_size, and loses it at\n"
        "the next checkpoint. A backfill waits as long as a slot is in this\n"
        "state, so as not to be the one that breaks it."},
    Explanation{
        "doctor.slot-inactive",
        "A slot that nobody reads keeps all WAL from its position on. Without\n"
        "max_slot_wal_keep_size that goes on until the disk is full."},
    Explanation{
        "doctor.slot-lost",
        "The slot's WAL is gone. Its standby or subscriber must be set up\n"
        "anew. It holds nobody up any more."},
    Explanation{
        "doctor.standby-behind",
        "A standby has more lag than backfill.max_lag. A backfill waits until\n"
        "it has caught up. See docs/throttle.md."},
    Explanation{
        "doctor.wraparound",
        "Transaction ids are counted in 31 bits. When the oldest one in use "
        "is\n"
        "too far back, the server takes no more writes. A backfill uses one\n"
        "for each batch and, worse, makes autovacuum's work larger."},
};

}  // namespace

std::span<const Explanation> doctor_explanations() { return texts; }

}  // namespace pgexpand::cli
