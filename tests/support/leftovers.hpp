#pragma once

namespace pgexpand::testing {

/// What of ours is in the database outside the state schema, the sync functions
/// in it, and invalid indexes: a text `line` each, such as "trigger
/// ~pgexpand_m1". Names of system catalogs and of the state schema itself do
/// not count.
inline constexpr const char* leftovers_query = R"(
WITH foreign_schema AS (
  SELECT oid, nspname FROM pg_namespace
  WHERE nspname NOT IN ('pgexpand', 'pg_catalog', 'information_schema')
    AND nspname NOT LIKE 'pg\_t%'),
relation AS (
  SELECT c.* FROM pg_class AS c JOIN foreign_schema AS s
  ON s.oid = c.relnamespace),
named(kind, name) AS (
  SELECT 'schema', nspname FROM foreign_schema
  UNION ALL SELECT 'relation', relname FROM relation
  UNION ALL SELECT 'column', relname || '.' || attname FROM pg_attribute
  JOIN relation ON relation.oid = attrelid
  WHERE NOT attisdropped
  UNION ALL SELECT 'constraint', conname FROM pg_constraint
  UNION ALL SELECT 'trigger', tgname FROM pg_trigger
  UNION ALL SELECT 'policy', polname FROM pg_policy
  UNION ALL SELECT 'type', typname FROM pg_type
  WHERE typnamespace IN (SELECT oid FROM foreign_schema)
  UNION ALL SELECT 'function', proname FROM pg_proc
  WHERE pronamespace IN (SELECT oid FROM foreign_schema)
  UNION ALL SELECT 'statistics', stxname FROM pg_statistic_ext)
SELECT kind || ' ' || name AS line FROM named WHERE name ILIKE '%pgexpand%'
UNION ALL SELECT 'function ' || oid::regproc FROM pg_proc
WHERE proname LIKE 'sync\_%'
UNION ALL SELECT 'invalid index ' || indexrelid::regclass FROM pg_index
WHERE NOT indisvalid)";

}  // namespace pgexpand::testing
