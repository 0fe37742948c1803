// Codes of runs, of the state tables and of the sandbox.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr auto texts = std::to_array<Explanation>({
    {"backfill.no-table",
     "The table that a backfill works on was dropped meanwhile."},
    {"base.assertion",
     "Something that pgexpand takes for certain does not hold. This is a\n"
     "bug. It stopped before doing harm; please report it with the\n"
     "command and its output."},
    {"contract.column-lost",
     "Somebody dropped the column that took over. Contract drops the one\n"
     "it took over from, which has the only copy of the values now, so it\n"
     "never goes on here. `pgexpand rollback ID --accept-drift` goes back\n"
     "to that one."},
    {"contract.gone",
     "A trigger, column, constraint or function that contract drops is not\n"
     "there any more: somebody dropped it. The step was rolled back.\n"
     "`pgexpand contract ID --accept-drift` drops what is left."},
    {"contract.no-version",
     "--soft takes access to version schemas. This migration has not\n"
     "published one: it ran with `versions: none`, or is not switched, or\n"
     "its version was dropped by the contract of a later one."},
    {"contract.named-in-code",
     "Functions or triggers of the database still have the name of a column\n"
     "that contract would take away. PostgreSQL does not track what their\n"
     "text names: they would fail when they run, those of triggers with\n"
     "every write. Replace them first. Where it is another thing of that\n"
     "name, or the function is replaced in the same minute, `--force`."},
    {"contract.old-version-in-use",
     "Contract looked for two seconds at who uses what it would drop: the\n"
     "older versions, and columns of the tables by their old names. It\n"
     "lists open transactions that have a lock there, and roles whose\n"
     "search_path begins in an older version. Nothing was changed. Deploy\n"
     "the new search_path there, or drop it all the same with --force."},
    {"contract.out-of-order",
     "Version schemas are dropped in the order they were published:\n"
     "contract of one drops all before it, which a migration that is not\n"
     "contracted still needs. Contract the one that is named first."},
    {"contract.too-early",
     "`contract.after` asks for a minimum time between switch and\n"
     "contract, and it has not passed. Run contract later, or lower the\n"
     "setting."},
    {"drift.changed",
     "Somebody changed a part of the table that the migration works on,\n"
     "so its stored plan may no longer be right. Change it back, or take\n"
     "the tables as they are now with --accept-drift."},
    {"drift.other",
     "Somebody changed a part of the table that the migration does not\n"
     "touch. It goes on; this is only a note."},
    {"drift.table-replaced",
     "A table that the migration began with was dropped, perhaps created\n"
     "again, or has another name now. What was put on it went with it, so\n"
     "the migration cannot go on. A renamed table gets its name back; of a\n"
     "dropped one nothing is left to take back, so `pgexpand rollback ID\n"
     "--accept-drift` forgets it and leaves a new table of that name alone."},
    {"index.duplicates",
     "A unique index cannot be built because rows hold the same values.\n"
     "Mend them; the invalid remnant was dropped, and the migration\n"
     "stays verified."},
    {"index.name-taken",
     "An index of the name that a step builds is there already, and it\n"
     "is not ours. Rename or drop it."},
    {"index.not-valid",
     "PostgreSQL reported success, but the index is not valid. The same\n"
     "command drops it and builds it again."},
    {"index.remnant",
     "A concurrent build failed and its invalid index could not be\n"
     "dropped yet. It costs writes until it is dropped, which the same\n"
     "command does first."},
    {"lock.budget-used-up",
     "The step did not get its lock within `lock.budget`, in many short\n"
     "attempts that never made an application wait longer than\n"
     "`lock.timeout`. The error names who held it. Nothing is half-done:\n"
     "run the same command again at a quieter time, or end the long\n"
     "transaction."},
    {"pg.bad-dsn",
     "The connection string is neither a URI nor keywords. In a URI,\n"
     "special characters of a password are percent-encoded. The string\n"
     "is not shown, because it may hold a password."},
    {"pg.cannot-connect",
     "No connection to the server. The reason is libpq's, without\n"
     "anything secret. `pgexpand config` shows where the connection\n"
     "string comes from."},
    {"pg.commit-in-doubt",
     "The connection was lost while COMMIT was on its way, so it may\n"
     "have happened or not. The state tables know: the same command\n"
     "looks there first and continues from the right place."},
    {"pg.commit-rolled-back",
     "The server answered COMMIT with ROLLBACK: an earlier statement of\n"
     "the transaction had failed. Nothing of it remains."},
    {"pg.connection-lost",
     "The connection to the server was lost, outside COMMIT. The open\n"
     "transaction was rolled back by the server. The same command\n"
     "continues from where it stopped."},
    {"pg.lock-not-granted",
     "A lock was not granted within its timeout, or the server chose\n"
     "this transaction to end a deadlock. It was rolled back and is safe\n"
     "to repeat."},
    {"pg.pooler",
     "The process behind the connection is not the one that answers, so\n"
     "there is a pooler between. Its transactions may run on different\n"
     "server processes, and session settings, locks and cancel requests\n"
     "would reach other clients. Connect to PostgreSQL itself; nothing was\n"
     "changed, and nothing is left on the pooler's connections."},
    {"pg.replication-role",
     "session_replication_role is not `origin` for this role and may not\n"
     "be changed, so triggers would not fire. Reset it for the role."},
    {"pg.server-too-old",
     "PostgreSQL 14 or newer is needed: TID range scans, which the\n"
     "backfill rests on, came with it."},
    {"pg.setting-refused",
     "The server, or something between, does not keep a setting that\n"
     "safety depends on. Connect to the server itself."},
    {"pg.statement-failed",
     "The server rejected a statement. The step was rolled back.\n"
     "SQLSTATE says why; contents of rows are withheld unless --show-\n"
     "data is given."},
    {"rollback.after-contract",
     "Contract dropped the old shape and with it the way back. Write a\n"
     "new migration that goes the other way."},
    {"rollback.column-lost",
     "Somebody dropped a column that rollback goes back to. The columns\n"
     "that rollback drops may have the only copy of its values, so it never\n"
     "goes on here. After switch, `pgexpand contract ID --accept-drift`\n"
     "keeps the new shape. Before it, add the column again and fill it."},
    {"rollback.gone",
     "A trigger, column, constraint or function of the migration is not\n"
     "there any more: somebody dropped it. The step was rolled back.\n"
     "`pgexpand rollback ID --accept-drift` takes back what is left."},
    {"rollback.not-undoable",
     "The plan has a part without a way back, for example a `sql`\n"
     "operation without `rollback`. `pgexpand plan` says so before\n"
     "anything runs."},
    {"rollback.out-of-order",
     "A version schema that was published later shows the new columns of\n"
     "this migration. Roll back the later migrations first, the newest\n"
     "one before the others."},
    {"rollback.unsynced",
     "Somebody dropped or changed the sync trigger after switch, so rows\n"
     "that were written since have their values in the new shape only.\n"
     "`pgexpand verify ID --repair` writes them to the old shape too. While\n"
     "the trigger is not there, nothing keeps that so: stop what writes."},
    {"run.interrupted",
     "A signal, or `runner.max_runtime`, stopped the run at a safe\n"
     "place. Progress is saved: the same command continues."},
    {"run.not-started",
     "The database holds no started plan of this migration. `pgexpand\n"
     "apply` starts it."},
    {"run.paused",
     "Somebody ran `pgexpand pause`. The batch was finished and progress\n"
     "saved; `pgexpand resume` continues."},
    {"run.poisoned",
     "The migration is in a state that no automatic step may leave.\n"
     "`pgexpand status` says what a person must decide."},
    {"run.rolling-back",
     "A rollback of this migration began and was interrupted. Run\n"
     "`pgexpand rollback` again."},
    {"runner.busy",
     "Another pgexpand is at work in this database; one at a time may\n"
     "act. The error names it. Wait for it, or give --wait-lock more\n"
     "time."},
    {"runner.fenced",
     "Another pgexpand took over, because this one was silent for too\n"
     "long. This one had no effect since. Run the command again if the\n"
     "other one did not finish it."},
    {"runner.interrupted",
     "The command was stopped while it waited for its turn. Nothing was\n"
     "changed."},
    {"runner.lost",
     "The connection that proves that this process is the one at work\n"
     "broke. It stops acting; the same command continues."},
    {"runner.not-connected",
     "The connection was lost and could not be opened again. The same\n"
     "command continues."},
    {"runner.standby",
     "The server is in recovery: a standby cannot be changed. Connect to\n"
     "the primary."},
    {"runner.stuck-backend",
     "A server process of an earlier pgexpand does not end, though it\n"
     "was told to. Until it does, two could act. Look at it in\n"
     "pg_stat_activity."},
    {"sandbox.no-command", "The command after `--` cannot be run."},
    {"sandbox.no-folder",
     "No temporary folder for the server. Point TMPDIR at a folder with\n"
     "room."},
    {"sandbox.no-initdb",
     "initdb did not succeed. The end of its output is in the error."},
    {"sandbox.no-process", "The system gave no new process."},
    {"sandbox.no-server",
     "The sandbox needs PostgreSQL's server programs on this machine.\n"
     "Install them, or name their folder in PGEXPAND_PG_BINDIR."},
    {"sandbox.no-start",
     "The private server did not start. The end of its log is in the\n"
     "error."},
    {"sandbox.no-user",
     "PostgreSQL refuses to run as root, and there is no other user to\n"
     "run it as. Run pgexpand as an ordinary user."},
    {"state.bad-settings",
     "The state schema holds settings of a walk that are not numbers by\n"
     "name. Somebody else wrote to it."},
    {"state.already-started",
     "Somebody else started the same migration at the same moment. The\n"
     "same command goes on with it."},
    {"state.foreign-schema",
     "The state schema belongs to a role whose rights this one does not\n"
     "have. Whoever owns it could change what pgexpand does, so it is\n"
     "refused. Somebody made it by hand? ALTER SCHEMA ... OWNER TO."},
    {"state.may-not-create",
     "The role may not create the state schema. Let somebody who may run\n"
     "either statement of the hint. The tables are made by the next run."},
    {"state.newer",
     "A newer pgexpand has brought the state tables up to date, and this\n"
     "one would not know what it writes. Use the release that the hint\n"
     "names, or a newer one, here too."},
    {"state.unknown-migration", "The state tables have no such migration."},
    {"state.unknown-status",
     "The state tables hold a word that this release does not know. Use\n"
     "the release that wrote it."},
    {"state.upgrade-waits",
     "The state tables are of an older release, and this one would bring\n"
     "them up to date. That has to wait until no pgexpand of the older\n"
     "release is at work here. Run the same command again then."},
    {"step.not-recorded",
     "A step failed, and its failure could not be written to the state\n"
     "tables either. The same command finds out by looking."},
    {"step.not-taken-back",
     "An enforce step failed, and what the steps before it added could\n"
     "not all be dropped. It may still reject writes. The same command\n"
     "goes on from here."},
    {"step.over-budget",
     "The step ran longer than `lock.hold` or `step.budget` allows with\n"
     "its locks held, so it was cancelled and rolled back. Give it more\n"
     "time if the application can bear the wait."},
    {"verify.differences",
     "Rows of the new shape differ from what `up` says. Switch is barred\n"
     "until a full pass is clean. `pgexpand verify ID --repair` mends\n"
     "rows that can be mended and compares again."},
    {"verify.too-early",
     "Rows can be compared only once the backfill is complete."},
});

}  // namespace

std::span<const Explanation> run_explanations() { return texts; }

}  // namespace pgexpand::cli
