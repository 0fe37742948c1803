// Codes of SQL text in specs, and of expressions.
#include "cli/explanations.hpp"

#include <array>

namespace pgexpand::cli {
namespace {

constexpr auto texts = std::to_array<Explanation>({
    {"expression.aggregate",
     "An aggregate computes one value for many rows, but `up` and `down`\n"
     "compute one value for one row."},
    {"expression.fails-on-every-row",
     "The expression was tried on a sample of real rows and failed on\n"
     "each of them, so a backfill would fill nothing. Correct the\n"
     "expression."},
    {"expression.fails-on-some-rows",
     "The expression was tried on a sample of real rows and failed on\n"
     "some. Such rows keep NULL and their keys go to quarantine; verify\n"
     "then stays red until they are mended. Make the expression cover\n"
     "them, with CASE or NULLIF."},
    {"expression.generated-column",
     "A generated column is not computed yet when a BEFORE trigger runs,\n"
     "so the sync trigger would read NULL there. Use the columns it is\n"
     "generated from."},
    {"expression.not-assignable",
     "The expression's type does not become the column's type by\n"
     "assignment. Add a cast to the expression."},
    {"expression.not-deterministic",
     "Trigger, backfill and verify must compute the same value, whoever\n"
     "asks and whenever. The expression depends on time, session,\n"
     "randomness or another table. `allow: [volatile]` lifts this for\n"
     "one operation; verify then only looks for NULL."},
    {"expression.rejected",
     "The server was asked whether the expression is sound over a row of\n"
     "this table, and it rejected it: an unknown column or function, or\n"
     "a type that does not fit. The message is the server's."},
    {"expression.set-returning",
     "A function that returns a set gives many rows for one."},
    {"expression.window",
     "A window function looks at other rows, but `up` and `down` compute\n"
     "one value from one row."},
    {"sql.aggregate",
     "An aggregate computes one value for many rows, but an expression\n"
     "here computes one value for one row."},
    {"sql.copy",
     "COPY needs a client that feeds it, which a migration is not."},
    {"sql.cursor",
     "Cursors live in one transaction, and statements of a spec may run\n"
     "in several."},
    {"sql.default",
     "DEFAULT is not an expression. Write the default value itself."},
    {"sql.empty", "The text holds no statement or expression."},
    {"sql.not-a-type",
     "The text is not exactly one type name, such as `numeric(10,2)` or\n"
     "`shop.color[]`."},
    {"sql.not-one-expression",
     "The text is not exactly one scalar expression. A second statement,\n"
     "a comment that swallows the end, or a list of values are not."},
    {"sql.one-statement",
     "With `transactional: false` there is exactly one statement,\n"
     "because each one commits by itself and could not be taken back\n"
     "together."},
    {"sql.parameter", "Parameters such as $1 have no value here."},
    {"sql.set-without-local",
     "SET lasts until the connection ends and would change later steps.\n"
     "Use SET LOCAL, which ends with the transaction."},
    {"sql.star", "`*` stands for many columns. Name the one that is meant."},
    {"sql.subquery",
     "A subquery reads rows that may change between trigger, backfill\n"
     "and verify. `allow: [subquery]` lifts this for one operation."},
    {"sql.syntax",
     "The text does not parse as SQL of the PostgreSQL release whose\n"
     "grammar is built in; `pgexpand --version` says which. What goes into\n"
     "triggers and batches must be read by it; of DDL and `sql` the server\n"
     "decides, and this is a warning."},
    {"sql.unreadable",
     "The server writes the expression in syntax that is newer than the\n"
     "grammar built into pgexpand, even where you wrote an older one. Its\n"
     "columns cannot be found, so no trigger can be made of it. Use other\n"
     "functions, or build pgexpand with a newer parser; `pgexpand\n"
     "--version` says which one it has."},
    {"sql.too-long",
     "An expression is at most 16 KiB, and one statement of a `sql` operation\n"
     "at most 64 KiB."},
    {"sql.transaction-control",
     "BEGIN, COMMIT, ROLLBACK and savepoints belong to pgexpand: a step\n"
     "and its record in the state tables commit together."},
});

}  // namespace

std::span<const Explanation> sql_explanations() { return texts; }

}  // namespace pgexpand::cli
