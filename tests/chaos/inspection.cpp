#include "chaos/inspection.hpp"

#include "support/leftovers.hpp"

#include <fmt/format.h>

#include <map>
#include <set>

namespace pgexpand::chaos {
namespace {

constexpr int most_told = 10;

constexpr const char* catalog_query = R"(
WITH own AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT IN ('pgexpand', 'pg_catalog', 'information_schema')
    AND nspname NOT LIKE 'pg\_t%'),
relation AS (
  SELECT c.oid, c.relkind, format('%I.%I', nspname, relname) AS name
  FROM pg_class AS c JOIN own ON own.oid = relnamespace)
SELECT string_agg(line, E'\n' ORDER BY line) || E'\n' FROM (
  SELECT 'schema ' || nspname FROM own
  UNION ALL SELECT format('%s %s', relkind, name) FROM relation
  UNION ALL SELECT format('column %s.%I %s%s default %s; %s', name, attname,
                          format_type(atttypid, atttypmod),
                          CASE WHEN attnotnull THEN ' not null' END,
                          pg_get_expr(adbin, adrelid),
                          col_description(attrelid, attnum))
  FROM pg_attribute AS a JOIN relation ON relation.oid = attrelid
  LEFT JOIN pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  WHERE attnum > 0 AND NOT attisdropped AND relkind <> 'i'
  UNION ALL SELECT format('constraint %s %I %s %s', name, conname,
                          pg_get_constraintdef(c.oid), convalidated)
  FROM pg_constraint AS c JOIN relation ON relation.oid = conrelid
  UNION ALL SELECT format('%s valid %s', pg_get_indexdef(indexrelid),
                          indisvalid)
  FROM pg_index JOIN relation ON relation.oid = indrelid
  UNION ALL SELECT format('trigger %s %I %s', name, tgname, tgenabled)
  FROM pg_trigger JOIN relation ON relation.oid = tgrelid
  WHERE NOT tgisinternal
  UNION ALL SELECT format('function %I.%I', nspname, proname)
  FROM pg_proc JOIN own ON own.oid = pronamespace) AS found(line))";

constexpr const char* own_leftovers_query = R"(
SELECT 'trigger ' || tgname || ' is left' FROM pg_trigger
WHERE tgrelid IN ('public.item'::regclass, 'public.entry'::regclass)
  AND NOT tgisinternal
UNION ALL SELECT format('row %s is in quarantine (%s)', key, sqlstate)
FROM pgexpand.quarantine)";

}  // namespace

std::string catalog_of(Link& link) { return link.single(catalog_query); }

void check_nothing_is_left(Link& link, Journal& journal) {
  for (const Line& row : link.run(testing::leftovers_query)) {
    journal.violation(row.at(0).value() + " is left");
  }
  for (const Line& row : link.run(own_leftovers_query)) {
    journal.violation(row.at(0).value());
  }
}

void check_steps(Link& link, Journal& journal) {
  std::map<std::string, std::set<std::string>> done;
  for (const Line& row :
       link.run("SELECT migration, kind, coalesce(detail ->> 'step', '')"
                " FROM pgexpand.event ORDER BY id")) {
    const std::string migration = row.at(0).value();
    const std::string kind = row.at(1).value();
    const std::string step = row.at(2).value();
    if (kind == "rolled_back") {
      done[migration].clear();
    } else if (kind == "step_done" && !done[migration].insert(step).second) {
      journal.violation(
          fmt::format("step {} of {} was done twice", step, migration));
    }
  }
}

void check_rows(Link& link,
                const Items& ledger,
                const Shape& shape,
                const Settled& settled,
                Journal& journal) {
  link.run("SET search_path = " + shape.path);
  std::map<int, Line> found;
  for (auto& row : link.run(select_items(shape, ""))) {
    const int key = std::stoi(row.at(0).value());
    if (!found.emplace(key, std::move(row)).second) {
      journal.violation(fmt::format("row {} is there twice", key));
    }
  }
  int told = 0;
  for (const auto& [key, item] : ledger) {
    const auto at = found.find(key);
    const auto text = difference(
        item, at == found.end() ? nullptr : &at->second, shape, settled);
    if (!text.empty() && ++told <= most_told) {
      journal.violation(
          fmt::format("in the end row {} {} (in {})", key, text, shape.path));
    }
    found.erase(key);
  }
  for (const auto& [key, row] : found) {
    if (++told <= most_told) {
      journal.violation(fmt::format("nobody wrote row {}", key));
    }
  }
}

}  // namespace pgexpand::chaos
