#include "backfill/leaves.hpp"

#include "backfill/cells.hpp"

#include <fmt/format.h>

namespace pgexpand::backfill {
namespace {

using sql::Statement;

// The relfilenode before the size: if the table is rewritten in between, the
// walk sees an old number and starts over. A TID range scan needs the heap's
// own handler; foreign partitions have no rows of ours.
Statement query(const sql::TableName& root) {
  return Statement::of(
      "WITH RECURSIVE tree AS ("
      " SELECT to_regclass({})::oid AS id"
      " UNION SELECT i.inhrelid FROM pg_inherits AS i"
      " JOIN tree ON i.inhparent = tree.id)"
      " SELECT c.oid, n.nspname, c.relname, pg_relation_filenode(c.oid),"
      " CASE WHEN c.relkind = 'r' THEN pg_relation_size(c.oid)"
      " / current_setting('block_size')::bigint ELSE 0 END,"
      " coalesce(am.amhandler = 'heap_tableam_handler'::regproc, true),"
      " c.relkind"
      " FROM tree JOIN pg_class AS c ON c.oid = tree.id"
      " JOIN pg_namespace AS n ON n.oid = c.relnamespace"
      " LEFT JOIN pg_am AS am ON am.oid = c.relam ORDER BY c.oid",
      sql::Literal{root.quoted()});
}

}  // namespace

std::vector<Leaf> read_leaves(pg::Session& session,
                              const sql::TableName& root) {
  const pg::Result found = session.run(query(root));
  if (found.rows.empty()) {
    throw Error(ErrorKind::database, "backfill.no-table",
                fmt::format("table {} is gone", root.display()))
        .hint("run pgexpand status");
  }
  std::vector<Leaf> leaves;
  for (const pg::Row& row : found.rows) {
    if (row.at(6) == "r") {
      leaves.push_back({.table = {sql::Identifier(text(row.at(1))),
                                  sql::Identifier(text(row.at(2)))},
                        .oid = number(row.at(0)),
                        .relfilenode = number(row.at(3)),
                        .blocks = number(row.at(4)),
                        .has_blocks = row.at(5) == "t"});
    }
  }
  return leaves;
}

}  // namespace pgexpand::backfill
