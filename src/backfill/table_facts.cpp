#include "backfill/table_facts.hpp"

#include "backfill/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace pgexpand::backfill {
namespace {

using sql::Statement;

/// Pages counted for a table that was never analyzed.
constexpr std::int64_t sampled_blocks = 64;

sql::Literal regclass(const sql::TableName& table) { return {table.quoted()}; }

// The relfilenode first: if the table is rewritten in between, the walk sees an
// old number and starts over.
pg::Row read_relation(pg::Session& session, const sql::TableName& table) {
  const pg::Result found = session.run(
      Statement::of("SELECT c.oid, pg_relation_filenode(c.oid),"
                    " pg_relation_size(c.oid)"
                    " / current_setting('block_size')::bigint,"
                    " c.reltuples::bigint, c.relpages,"
                    " (SELECT s.setting FROM pg_settings AS s"
                    " WHERE s.name = 'deadlock_timeout'),"
                    " pg_table_size(c.oid),"
                    " (SELECT o.option_value FROM"
                    " pg_options_to_table(c.reloptions) AS o"
                    " WHERE o.option_name = 'fillfactor'),"
                    " c.relhasrules"
                    " FROM pg_class AS c WHERE c.oid = to_regclass({})",
                    regclass(table)));
  if (found.rows.empty()) {
    throw Error(ErrorKind::database, "backfill.no-table",
                fmt::format("table {} is gone", table.display()))
        .hint("run pgexpand status");
  }
  return found.rows.front();
}

double count_rows_per_block(pg::Session& session,
                            const sql::TableName& table,
                            std::int64_t blocks) {
  const auto sampled = std::min(blocks, sampled_blocks);
  const pg::Result counted = session.run(
      Statement::of("SELECT count(*) FROM ONLY {} AS t WHERE t.ctid < {}::tid",
                    table, sql::Literal{fmt::format("({},0)", sampled)}));
  return static_cast<double>(number(counted.single())) /
         static_cast<double>(std::max<std::int64_t>(sampled, 1));
}

}  // namespace

TableFacts read_facts(pg::Session& session, const sql::TableName& table) {
  const pg::Row row = read_relation(session, table);
  TableFacts facts{
      .oid = number(row.at(0)),
      .relfilenode = number(row.at(1)),
      .blocks = number(row.at(2)),
      .deadlock_timeout = std::chrono::milliseconds(number(row.at(5))),
      .fillfactor = row.at(7) ? static_cast<int>(number(row.at(7))) : 100,
      .has_rules = row.at(8) == "t",
      .may_skip_triggers = pg::may_set_replication_role(session)};
  const auto analyzed_rows = number(row.at(3));
  const auto analyzed_blocks = number(row.at(4));
  facts.rows_per_block =
      analyzed_rows > 0 && analyzed_blocks > 0
          ? static_cast<double>(analyzed_rows) /
                static_cast<double>(analyzed_blocks)
          : count_rows_per_block(session, table, facts.blocks);
  // Dead pages at the start, or an old estimate, must not make a window huge.
  facts.rows_per_block = std::max(facts.rows_per_block, 1.0);
  facts.bytes_per_row =
      static_cast<double>(number(row.at(6))) /
      (facts.rows_per_block *
       static_cast<double>(std::max<std::int64_t>(facts.blocks, 1)));
  return facts;
}

}  // namespace pgexpand::backfill
