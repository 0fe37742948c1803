// The windows are TID ranges with literals: such a scan reads only its blocks.
#include "backfill/statements.hpp"

#include "backfill/trouble.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>

namespace pgexpand::backfill {
namespace {

using plan::BackfillRows;
using plan::Comparison;
using sql::compose;
using sql::Expression;
using sql::Literal;
using sql::Statement;

Literal tid_of(std::int64_t block) { return {fmt::format("({},0)", block)}; }

Expression inside(Blocks blocks) {
  return compose("t.ctid >= {}::tid AND t.ctid < {}::tid", tid_of(blocks.first),
                 tid_of(blocks.end));
}

// CASE, so that the planner cannot ask the user's expression of every row
// first: the share is the cheaper question, but costs more by its estimate.
Expression share_of(const Expression& pending, const Pass& pass) {
  if (pass.is_sweep()) {
    return compose("({})", pending);
  }
  const auto bytes = passes_by_row(pass);
  return compose(
      "CASE WHEN get_byte(decode({}, 'hex'), get_byte(tidsend(t.ctid), 5)) = {}"
      " THEN ({}) ELSE false END",
      Literal{fmt::format("{:02x}", fmt::join(bytes, ""))},
      std::int64_t{pass.number}, pending);
}

Expression set_clause(const BackfillRows& fill) {
  return {plan::update_clause(fill)};
}

// As the sync functions word it.
Expression key_text(const std::vector<sql::Identifier>& key) {
  if (key.empty()) {
    return {"t.ctid::text"};
  }
  std::vector<std::string> parts;
  for (const auto& column : key) {
    parts.push_back(fmt::format("t.{}::text", column));
  }
  return {fmt::format("concat_ws(',', {})", fmt::join(parts, ", "))};
}

Expression differs_anywhere(const std::vector<Comparison>& comparisons) {
  std::vector<std::string> parts;
  for (const Comparison& comparison : comparisons) {
    parts.push_back(fmt::format("({})", comparison.differs));
  }
  return {fmt::format("{}", fmt::join(parts, " OR "))};
}

constexpr auto fail_row =
    "  EXCEPTION WHEN OTHERS THEN\n"
    "    IF left(SQLSTATE, 2) IN ({0}) THEN RAISE; END IF;\n"
    "    GET STACKED DIAGNOSTICS pgexpand_by = CONSTRAINT_NAME;\n"
    "    pgexpand_bad := pgexpand_bad || jsonb_build_object("
    "'tid', pgexpand_row.id::text, 'state', SQLSTATE, 'by', pgexpand_by,"
    " 'key', pgexpand_row.key, 'item', {1});\n";

// A message may hold values, and a RAISE may say any name: one is believed only
// if a constraint is called so.
//
// One subtransaction a row costs some microseconds; a round trip for each row
// would cost a hundred times that. Deferred constraints are checked at once, so
// that they blame the row and not the COMMIT.
Statement for_each_row(const sql::TableName& table,
                       const std::vector<sql::Identifier>& key,
                       const Where& where,
                       const std::string& work) {
  const Expression body = compose(
      "#variable_conflict use_column\n"
      "DECLARE\n"
      "  pgexpand_row record;\n"
      "  pgexpand_count bigint;\n"
      "  pgexpand_done bigint := 0;\n"
      "  pgexpand_bad jsonb := '[]';\n"
      "  pgexpand_by text;\n"
      "BEGIN\n"
      "  SET CONSTRAINTS ALL IMMEDIATE;\n"
      "  FOR pgexpand_row IN SELECT t.ctid AS id, {} AS key"
      " FROM ONLY {} AS t WHERE {} LOOP\n"
      "{}"
      "  END LOOP;\n"
      "  PERFORM set_config('pgexpand.rows', pgexpand_done::text, true);\n"
      "  PERFORM set_config('pgexpand.bad', pgexpand_bad::text, true);\n"
      "END",
      key_text(key), table, where.text, Expression{work});
  return Statement::of("DO {}", Literal{body.text});
}

std::string compare_one(const Comparison& comparison,
                        const sql::TableName& table,
                        std::size_t item) {
  return fmt::format(
             "  BEGIN\n"
             "    SELECT count(*) INTO pgexpand_count FROM ONLY {} AS t"
             " WHERE t.ctid = pgexpand_row.id AND ({});\n"
             "    IF pgexpand_count > 0 THEN\n"
             "      pgexpand_bad := pgexpand_bad || jsonb_build_object("
             "'tid', pgexpand_row.id::text, 'state', '',"
             " 'key', pgexpand_row.key, 'item', {});\n"
             "    END IF;\n",
             table, comparison.differs, item) +
         fmt::format(fail_row, classes_that_end_a_batch().text, item) +
         "  END;\n";
}

}  // namespace

Where::Where(Blocks blocks) : text(inside(blocks)) {}

Statement update_rows(const BackfillRows& fill, const Where& where, Pass pass) {
  return Statement::of("{} WHERE {} AND {}", set_clause(fill), where.text,
                       share_of(fill.pending, pass));
}

Statement update_free_rows(const BackfillRows& fill,
                           const Where& where,
                           Pass pass) {
  return Statement::of(
      "WITH free AS (SELECT t.ctid AS id FROM ONLY {} AS t WHERE {} AND {}"
      " FOR NO KEY UPDATE SKIP LOCKED)"
      " {} WHERE t.ctid = ANY (ARRAY(SELECT free.id FROM free)) AND ({})",
      fill.table, where.text, share_of(fill.pending, pass), set_clause(fill),
      fill.pending);
}

Statement update_each_row(const BackfillRows& fill, const Where& where) {
  const std::string work =
      fmt::format(
          "  BEGIN\n"
          "    {} WHERE t.ctid = pgexpand_row.id AND ({});\n"
          "    GET DIAGNOSTICS pgexpand_count = ROW_COUNT;\n"
          "    pgexpand_done := pgexpand_done + pgexpand_count;\n",
          set_clause(fill), fill.pending) +
      fmt::format(fail_row, classes_that_end_a_batch().text, 0) + "  END;\n";
  return for_each_row(fill.table, fill.key, where, work);
}

Statement find_pending(const BackfillRows& fill, const Where& where) {
  return Statement::of(
      "SELECT EXISTS (SELECT FROM ONLY {} AS t WHERE {} AND ({}))", fill.table,
      where.text, fill.pending);
}

Statement count_differences(const sql::TableName& table,
                            const std::vector<Comparison>& comparisons,
                            const Where& where) {
  std::vector<std::string> counts;
  for (const Comparison& comparison : comparisons) {
    counts.push_back(
        fmt::format("count(*) FILTER (WHERE {})", comparison.differs));
  }
  return Statement::of(
      "SELECT count(*), count(*) FILTER (WHERE {}), {}"
      " FROM ONLY {} AS t WHERE {}",
      differs_anywhere(comparisons),
      Expression{fmt::format("{}", fmt::join(counts, ", "))}, table,
      where.text);
}

Statement compare_each_row(const plan::CompareRows& action,
                           const std::vector<Comparison>& comparisons,
                           const Where& where) {
  std::string work;
  for (std::size_t item = 0; item < comparisons.size(); ++item) {
    work += compare_one(comparisons.at(item), action.table, item);
  }
  return for_each_row(action.table, action.key, where,
                      work + "  pgexpand_done := pgexpand_done + 1;\n");
}

state::Store::Work counting(const Statement& update) {
  return {.with = {fmt::format("done AS ({} RETURNING 1)", update.text())},
          .counts = {"SELECT count(*), 0::bigint, 0::bigint, NULL FROM done"}};
}

state::Store::Work counted(const Tally& tally) {
  return {.with = {},
          .counts = compose("SELECT {}::bigint, {}::bigint, {}::bigint, {}",
                            tally.rows, tally.differences, tally.quarantined,
                            Literal{tally.found})};
}

state::Store::Work counting_differences(
    const sql::TableName& table,
    const std::vector<Comparison>& comparisons,
    const Where& where) {
  std::vector<std::string> counts;
  for (const Comparison& comparison : comparisons) {
    counts.push_back(
        fmt::format("count(*) FILTER (WHERE {})", comparison.differs));
  }
  return {.with = {},
          .counts = compose(
              "SELECT count(*), count(*) FILTER (WHERE {}), 0::bigint,"
              " array_to_json(ARRAY[{}]::bigint[])::text FROM ONLY {} AS t"
              " WHERE {}",
              differs_anywhere(comparisons),
              Expression{fmt::format("{}", fmt::join(counts, ", "))}, table,
              where.text)};
}

state::Store::Work outcome_of_updates() {
  return {.with = {},
          .counts = {"SELECT current_setting('pgexpand.rows')::bigint,"
                     " 0::bigint, jsonb_array_length("
                     "current_setting('pgexpand.bad')::jsonb)::bigint, NULL"}};
}

state::Store::Work outcome_of_comparisons() {
  return {
      .with = {},
      .counts = {
          "SELECT current_setting('pgexpand.rows')::bigint,"
          " (SELECT count(DISTINCT bad ->> 'tid') FROM jsonb_array_elements("
          "current_setting('pgexpand.bad')::jsonb) AS bad), 0::bigint,"
          " current_setting('pgexpand.bad')"}};
}

Statement read_outcome() {
  return Statement::of(
      "SELECT current_setting('pgexpand.rows'),"
      " current_setting('pgexpand.bad')");
}

Statement quarantine_bad_rows(const sql::Identifier& state_schema,
                              const std::string& migration,
                              const sql::TableName& root) {
  return Statement::of(
      "INSERT INTO {}.quarantine"
      " (migration, table_name, key, sqlstate, constraint_name)"
      " SELECT {}, {}, bad ->> 'key', bad ->> 'state',"
      " (SELECT k.conname FROM pg_constraint AS k"
      " WHERE k.conname = bad ->> 'by' LIMIT 1) FROM"
      " jsonb_array_elements(current_setting('pgexpand.bad')::jsonb) AS bad"
      " ON CONFLICT DO NOTHING",
      state_schema, Literal{migration}, Literal{root.display()});
}

Statement sample_differences(const plan::CompareRows& action,
                             const std::vector<Comparison>& comparisons,
                             const Where& where,
                             std::int64_t limit) {
  return Statement::of("SELECT {} FROM ONLY {} AS t WHERE {} AND ({}) LIMIT {}",
                       key_text(action.key), action.table, where.text,
                       differs_anywhere(comparisons), limit);
}

Statement name_holders(const sql::TableName& table, const Where& where) {
  return Statement::of(
      "SELECT string_agg(DISTINCT CASE WHEN a.pid IS NULL"
      " THEN 'a prepared transaction'"
      " ELSE format('pid %s (%s)', a.pid,"
      " coalesce(nullif(a.application_name, ''), 'no name')) END, ', ')"
      " FROM (SELECT DISTINCT t.xmax AS id FROM ONLY {} AS t"
      " WHERE {} AND t.xmax <> '0'::xid) AS r"
      " JOIN pg_locks AS l ON l.locktype = 'transactionid' AND l.granted"
      " AND l.transactionid = r.id"
      " LEFT JOIN pg_stat_activity AS a ON a.pid = l.pid",
      table, where.text);
}

}  // namespace pgexpand::backfill
