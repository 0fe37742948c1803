// Codes of the command line and the configuration.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr auto texts = std::to_array<Explanation>({
    {"apply.conflict",
     "Another migration is between expand and contract and works on the\n"
     "same table. The two would have to keep each other's columns in\n"
     "sync, so the second waits. Finish the first: switch it if it waits\n"
     "for that, then contract it. `pgexpand apply` without an id leaves\n"
     "the second one pending and exits with 0; asked for by name it\n"
     "exits with 7."},
    {"apply.dependency",
     "The migration names others in `depends_on`, and one of them is not\n"
     "switched yet. It runs as soon as that one is. If the other one\n"
     "stopped before a visible switch, deploy code that works with both\n"
     "shapes and run `pgexpand switch` for it."},
    {"apply.file-missing",
     "The database holds a migration that was started and not\n"
     "contracted, but its file is not in the folder. Perhaps this\n"
     "checkout is older than the deploy that started it. Put the file\n"
     "back, or act on the stored plan by name: `pgexpand resume`,\n"
     "`rollback` and `contract` do not need the file."},
    {"apply.late-id",
     "The id sorts before a migration that already ran, as happens when\n"
     "two branches are merged. It runs all the same. If the order\n"
     "matters, name the other one in `depends_on`."},
    {"apply.paused",
     "Somebody ran `pgexpand pause` for this migration. Apply leaves it\n"
     "alone until `pgexpand resume` clears the pause."},
    {"apply.rolling-back",
     "A rollback of this migration began and was interrupted. Half of it\n"
     "is undone, so the only way is back: run `pgexpand rollback` again.\n"
     "After that it is pending, and apply may run it."},
    {"apply.spec-changed",
     "The operations or depends_on of the file differ from what the\n"
     "migration was started with. A run executes the plan stored at its\n"
     "start, so the edit would silently not happen. Put the file back,\n"
     "or roll back and apply again. Comments, line ends, `settings` and\n"
     "`description` may change at any time."},
    {"cli.bad-argument",
     "An option or argument has a value that the command does not take.\n"
     "Run the command with --help to see what it takes. Nothing ran."},
    {"cli.extra-argument",
     "The command line has an argument more than the command takes.\n"
     "Nothing ran."},
    {"cli.never-started",
     "The command acts on a migration that is under way, and the\n"
     "database does not know this one. Check the id and which database\n"
     "you are connected to: `pgexpand config` shows it."},
    {"cli.no-command",
     "The command line names no command. `pgexpand --help` lists them."},
    {"cli.not-under-way",
     "The command acts on a migration between expand and contract, and\n"
     "this one is not there. `pgexpand status` shows where it is."},
    {"cli.unknown-command", "There is no command of that name. Nothing ran."},
    {"cli.unknown-migration",
     "No file in the folder and no row in the database has this id. The\n"
     "id is the file's name without `.yaml`."},
    {"cli.unknown-option",
     "There is no option of that name, neither for all commands nor for\n"
     "this one. Nothing ran."},
    {"config.bad-setting",
     "A setting has a value that does not read: durations need a unit\n"
     "(`250ms`, `5s`, `1h`), sizes too (`50MB`). `pgexpand config` shows\n"
     "where each one comes from. Nothing ran."},
    {"config.findings",
     "pgexpand.yaml has keys or values that do not read. Each finding\n"
     "has its place. Nothing ran."},
    {"config.unknown-environment",
     "--env or PGEXPAND_ENV names an environment that pgexpand.yaml does\n"
     "not have. Nothing ran."},
    {"config.unreadable",
     "The file after --config is not there or may not be read."},
    {"contract.no-older-version",
     "No version is published before this migration's: its old code uses\n"
     "the tables themselves, whose rights are not pgexpand's to take.\n"
     "Contract still looks at who uses them."},
    {"contract.not-switched",
     "Contract drops the old shape, so it is legal only once switch is\n"
     "complete. Nothing was changed, also not for the other ids of the\n"
     "same command."},
    {"explain.unknown-code",
     "No code has this name. Codes look like `spec.unknown-field`;\n"
     "`pgexpand explain` without a code lists them all."},
    {"internal.unexpected",
     "Something happened that pgexpand has no name for. What ran before\n"
     "is recorded, so the same command continues from there. Please\n"
     "report it, with the output of the same command with --verbose."},
    {"lint.unreadable",
     "The path is neither a folder nor a file that may be read."},
    {"new.bad-name",
     "The name becomes part of the file name and the id, which hold\n"
     "letters, digits and _ only."},
    {"new.cannot-write",
     "The file could not be written. Check the rights of the folder."},
    {"new.exists",
     "A file of that name is there already and is left as it is."},
    {"new.long-name",
     "An id has 40 bytes at most, because it becomes part of names in\n"
     "the database. 15 of them are the time."},
    {"resume.not-started",
     "There is nothing to resume: the migration was never started, or it\n"
     "was rolled back. `pgexpand apply` starts it."},
    {"rollback.contracted",
     "Contract dropped the old shape and with it the way back. Write a\n"
     "new migration that goes the other way."},
    {"rollback.depended-on",
     "Another migration that was started names this one in `depends_on`.\n"
     "Roll that one back first."},
    {"set.bad-change",
     "A change is written KEY=VALUE, for example pause=50ms."},
    {"set.bad-value",
     "The value does not read as the setting's type: a number of rows\n"
     "for batch_rows, a duration such as 50ms for pause."},
    {"set.unknown-key",
     "Only the settings that the hint names can be changed while a\n"
     "backfill runs. Every other setting holds for a whole run: stop it\n"
     "with one Ctrl-C, which saves its progress, and start it again with\n"
     "the flag."},
    {"target.standby",
     "The server is in recovery: a standby cannot be changed. Connect to\n"
     "the primary."},
    {"target.unverified",
     "The connection is encrypted, but nothing says that the server is the\n"
     "right one. Put its authority's certificate where sslrootcert, or\n"
     "~/.postgresql/root.crt, names it."},
    {"verify.nothing-to-compare",
     "Verify compares the old and the new shape. There are two shapes\n"
     "only between expand and contract."},
    {"version.none",
     "With `versions: views` a migration publishes a version schema at\n"
     "switch. None did so yet, or all were dropped. Until then\n"
     "applications use the tables."},
    {"version.not-published",
     "The migration is not switched, or ran with `versions: none`, or its\n"
     "version was dropped by the contract of a later one."},
    {"wait.bad-timeout",
     "A timeout is a duration with its unit, for example 30s or 10m."},
    {"wait.timeout",
     "The migration did not complete the phase within --timeout. Nothing\n"
     "was changed; wait again, or look with `pgexpand status`."},
});

}  // namespace

std::span<const Explanation> cli_explanations() { return texts; }

}  // namespace pgexpand::cli
