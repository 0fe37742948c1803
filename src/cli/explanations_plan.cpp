// Codes of what plan finds in the database.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr auto texts = std::to_array<Explanation>({
    {"backfill.never-ends",
     "`set` reads a column that it writes, so a row could be changed\n"
     "twice when a run continues. Give a `where` that is false once a\n"
     "row is done."},
    {"catalog.column-exists", "The table has a column of this name already."},
    {"catalog.name-taken",
     "A relation of this name is in the schema already: tables, indexes,\n"
     "sequences and views share one set of names."},
    {"catalog.unknown-column",
     "The table has no such column. Names are taken as they stand,\n"
     "without case folding."},
    {"catalog.unknown-index",
     "There is no such index. Without a schema it is looked for in the\n"
     "search_path of the connection."},
    {"catalog.unknown-table",
     "There is no such table. Without a schema it is looked for in the\n"
     "search_path of the connection; `pgexpand plan` names the one it\n"
     "found."},
    {"column.already-not-null",
     "The column is NOT NULL already, so there is nothing to do."},
    {"column.already-nullable",
     "The column allows NULL already, so there is nothing to do."},
    {"column.constrained-domain",
     "A column whose type is a domain with constraints makes ADD COLUMN\n"
     "rewrite the whole table under ACCESS EXCLUSIVE. Use the base type\n"
     "with a `check`."},
    {"column.exclusion-constraint",
     "The column is part of an exclusion constraint. PostgreSQL can\n"
     "neither build one concurrently nor add it NOT VALID, so it cannot\n"
     "follow to a new column without blocking writers."},
    {"column.expression-does-not-carry",
     "A default, check or index expression of the old column has no\n"
     "meaning over the new one, for example because of its type. Drop\n"
     "what uses it first, and create it again after contract."},
    {"column.unreadable-object",
     "An index, check or statistics object of the column has syntax that\n"
     "the grammar built into pgexpand does not know, because the server is\n"
     "newer. It cannot be written for the new column, and would be lost\n"
     "with the old one. Drop it first and create it again after contract,\n"
     "or build pgexpand with a newer parser; `pgexpand --version` says\n"
     "which one it has."},
    {"column.generated",
     "A generated column is computed by the server and cannot be\n"
     "written, so it can be neither filled nor kept in sync."},
    {"column.generated-rewrites",
     "A stored generated column makes ADD COLUMN rewrite the whole table\n"
     "under ACCESS EXCLUSIVE, which a large table cannot bear. Use an\n"
     "ordinary column with `up`."},
    {"column.has-dependents",
     "Something depends on the column and cannot follow to another one:\n"
     "a view, a policy, a rule, a publication's column list. pgexpand\n"
     "never drops with CASCADE. Drop it first, and create it again after\n"
     "contract."},
    {"column.default-not-castable",
     "The column's default stands for every row to come, so it has to be of\n"
     "the new type, too, and the server does not cast it. `up` is for the\n"
     "rows; give the default by itself with `default:`, or drop it with\n"
     "`default: null`."},
    {"column.does-not-come-back",
     "Until contract the old column follows the new one through `down`, and\n"
     "verify refuses a row whose old value is not what `down` makes of the\n"
     "new one. plan tried that on a sample. Change `up` or `down`, or accept\n"
     "it with `allow: [lossy]`: then rows keep their old value for as long as\n"
     "nobody writes them through the new shape."},
    {"column.identity",
     "An identity column must stay a smallint, integer or bigint without\n"
     "NULL, and the new type or a NULL would break that. Keep an integer\n"
     "type, or drop the identity first."},
    {"column.in-primary-key",
     "A column of the primary key is always NOT NULL."},
    {"column.is-referenced",
     "A foreign key of another table refers to the column. Drop that\n"
     "constraint first."},
    {"column.key-not-comparable",
     "A foreign key compares its columns with an operator of the\n"
     "referenced column's index. There is none for the new type: bigint\n"
     "can refer to integer, but numeric or text cannot. Change both\n"
     "columns in one migration, or drop the foreign key first."},
    {"column.lossy-key",
     "In a version schema the old column stays the table's key until\n"
     "contract, and a key has no NULL. `allow: [lossy]` would put one\n"
     "there. Leave it out, and give a `down` that always has a value."},
    {"column.moved-twice",
     "Two operations of one migration change the same column's name or\n"
     "type, and no order of them is the obvious one. Write one\n"
     "operation, or two migrations."},
    {"column.named-in-code",
     "PostgreSQL keeps the body of a function as text and does not know\n"
     "what it names. After contract the column is gone under this name, and\n"
     "the function fails when it runs; one of a trigger fails with every\n"
     "write. Replace it between switch and contract, which is refused\n"
     "before. `allow: [function_bodies]` lifts that."},
    {"column.named-in-string",
     "A string in the function is the column's name, or has it and is\n"
     "perhaps run with EXECUTE. It may mean something else, so contract\n"
     "does not wait for it. Look at it before."},
    {"column.needs-down",
     "The column is NOT NULL without a default, and new code leaves it\n"
     "out. Give `down`, the value that old readers see meanwhile."},
    {"column.needs-value",
     "The new column is NOT NULL, but neither existing rows nor writers\n"
     "that do not know it have a value. Give `up` or `default`, or leave\n"
     "it nullable."},
    {"column.no-default",
     "An identity or generated column gets its value from the server, so\n"
     "it cannot have a default besides."},
    {"column.partition-key",
     "Rows are assigned to partitions by the column. PostgreSQL neither\n"
     "drops nor retypes it, and a new value may belong to another\n"
     "partition. Copy the rows to a table that is partitioned otherwise."},
    {"column.prepared-statements",
     "After the switch the column has another type or length under the\n"
     "same name. A statement that was prepared before fails once with\n"
     "0A000 and works when it is prepared again; most drivers do that by\n"
     "themselves. No tool can hide this."},
    {"column.references-what",
     "The table that is referred to has no primary key of one column.\n"
     "Name the column."},
    {"column.system-name",
     "Every table has system columns, such as ctid and xmin, and their\n"
     "names cannot be used again. Choose another name."},
    {"column.takes-along",
     "PostgreSQL drops indexes and constraints together with their\n"
     "column, in contract. Create what you still need without the column\n"
     "before."},
    {"index.invalid",
     "The index is not valid, a leftover of a concurrent build that\n"
     "failed. It takes writes but answers no query. It is not built for\n"
     "the new column. Rebuild or drop it."},
    {"index.leftover",
     "An index of the name is there, but INVALID: it is what a concurrent\n"
     "build left behind that failed or was cancelled. It takes writes and\n"
     "answers no query. The hint has the command that drops it."},
    {"index.is-replica-identity",
     "Logical replication identifies rows by this index. Give the table\n"
     "another replica identity first."},
    {"index.of-constraint",
     "The index belongs to a constraint and goes only with it."},
    {"index.operator-class",
     "The index names an operator class that the new type may not have,\n"
     "so it cannot be built for the new column. Drop the index first."},
    {"operation.conflict",
     "One operation of the migration drops what another one changes or\n"
     "makes: a column, an index. Leave one of them out, or give the drop a\n"
     "migration of its own."},
    {"operation.repeated",
     "Two operations of one migration make or drop the same index or\n"
     "constraint, or change the same thing of a column: its type, default,\n"
     "comment, NOT NULL, or the values it is filled with. Only one can.\n"
     "Leave one out, name it otherwise, or give it a migration of its own."},
    {"plan.missing",
     "The planner gave neither a plan nor a reason. This is a bug;\n"
     "please report it with the spec."},
    {"plan.newer",
     "A newer release started the migration and stored its plan in a\n"
     "format that this one does not know. Only what needs that plan\n"
     "stops: run it with the release that the hint names, or with a newer\n"
     "one."},
    {"plan.refused",
     "The spec is right, but this database forbids it. Each finding\n"
     "above says why, and what would allow it. Nothing was changed."},
    {"plan.undecodable",
     "The migration's plan in the state tables lacks something that a run\n"
     "minds, or is damaged; the message names the place. Nothing is\n"
     "guessed. Commands that do not need this plan go on; what needs it is\n"
     "done with the release that stored it, or when the row is restored."},
    {"rights.create-schema",
     "With `versions: views` every migration makes a schema for its\n"
     "version. That needs CREATE on the database."},
    {"rights.many-owners",
     "The role inherits no rights, so it acts as a table's owner by SET\n"
     "ROLE, and as one owner at a time. The tables of this migration\n"
     "have several. Let the role inherit, or write one migration for\n"
     "each owner."},
    {"rights.not-owner",
     "Changing a table needs its owner, or a member of the owner's role.\n"
     "The hint has the GRANT. No superuser is needed."},
    {"rights.row-security",
     "Row security hides rows of the table from the role. They would be\n"
     "neither filled nor verified, and nobody would notice. Give the\n"
     "role BYPASSRLS, or lift FORCE ROW LEVEL SECURITY meanwhile."},
    {"rights.schema",
     "The role may not use the schema, or may not create in it what the\n"
     "migration needs. The hint has the GRANT."},
    {"rights.trigger-function",
     "A column changes its type under its name, and sessions that are open\n"
     "then would fail in the table's PL/pgSQL trigger functions. ALTER\n"
     "FUNCTION at the switch prevents that, and only the function's owner\n"
     "may do it. Give the role that owner's rights, or the function to\n"
     "the table's owner."},
    {"rollback.holes",
     "Rows written since hold NULL where the old shape forbids it.\n"
     "Rolling back would need a value for them. Fill them first, or give\n"
     "the operation a `down`."},
    {"rollback.lossy",
     "Rows written through the new shape hold values that the old one\n"
     "cannot, so a rollback would lose them. Change those rows first, or\n"
     "go on to contract."},
    {"server.too-old",
     "The operation needs a newer PostgreSQL than this server."},
    {"table.access-method",
     "The backfill walks the pages of a heap. Rows of a table of another\n"
     "access method are walked by primary key, and there is none."},
    {"table.inherits",
     "Children by INHERITS get no triggers and no indexes of their parent,\n"
     "so nothing would keep their rows in step. backfill, which needs\n"
     "neither, and changes of defaults and comments are handled."},
    {"table.is-partition",
     "A partition has the columns of the table it belongs to. Name that\n"
     "one: the change reaches every partition."},
    {"table.not-a-table",
     "The name is a view, a foreign table or another relation, not an\n"
     "ordinary table."},
    {"table.partitioned",
     "PostgreSQL cannot build an index, a key or a foreign key on a\n"
     "partitioned table without a long lock, and pgexpand does not build\n"
     "them partition by partition yet. Do that part by hand, or drop what\n"
     "is in the way first and create it again after contract."},
    {"table.published",
     "The table is in a publication. A column that is added only here\n"
     "stops logical replication at the subscriber as soon as a row\n"
     "carries it. Add it there first, then allow it with `allow:\n"
     "[published]`."},
    {"table.system",
     "The table belongs to the server or to pgexpand itself. Migrations\n"
     "change tables of your own only."},
    {"table.temporary", "A temporary table lives in one session only."},
    {"table.too-many-columns",
     "A table has 1,600 column numbers in its life, dropped columns\n"
     "included. Only a copy of the table gets them back."},
    {"table.rules",
     "A rule ON UPDATE (CREATE RULE) rewrites every UPDATE of the table,\n"
     "the backfill's too. DO INSTEAD would leave all rows as they are. DO\n"
     "ALSO does its own work for every row: `allow: [user_triggers]` says\n"
     "that this is fine."},
    {"table.trigger-sorts-last",
     "Triggers of one kind fire in the order of their names. One of\n"
     "yours would fire after the sync trigger and could change the row\n"
     "once more, unseen. Rename it."},
    {"table.user-triggers",
     "The backfill updates every row and would fire your triggers for\n"
     "each. With the right to set session_replication_role they are\n"
     "skipped; or allow them with `allow: [user_triggers]`."},
    {"type.unknown",
     "The server knows no type of this name in the search_path the\n"
     "connection arrived with. Write it with its schema."},
    {"type.unknown-collation",
     "The server knows no collation of this name in the search_path the\n"
     "connection arrived with."},
    {"versions.name-taken",
     "Switch would make this schema: the migration's version, or the alias\n"
     "that `versions_alias` names. There is one of that name that pgexpand "
     "did\n"
     "not make, and it is left alone."},
    {"versions.not-in-a-view",
     "A function runs with the search_path of its caller, so its statements\n"
     "meet the views of a version schema there. No view can be the target of\n"
     "COPY, TRUNCATE and the like, and pg_get_serial_sequence() finds "
     "nothing.\n"
     "Give the function a search_path of its own, or name the table with its\n"
     "schema. plan looks for the words in the bodies of SQL and PL/pgSQL\n"
     "functions: it cannot see what other programs send."},
    {"versions.published",
     "A migration with `versions: none` swaps columns under the views of\n"
     "the published version, which PostgreSQL refuses or which would show\n"
     "another shape than they promise. Once versions are published, plan\n"
     "with `versions: views`. To go back to `none`, move every application\n"
     "to the tables and drop the version schemas."},
    {"versions.row-security",
     "Before PostgreSQL 15 a view reads with its owner's rights, so row\n"
     "security would not hold in a version schema. Use `versions: none`\n"
     "there."},
});

}  // namespace

std::span<const Explanation> plan_explanations() { return texts; }

}  // namespace pgexpand::cli
