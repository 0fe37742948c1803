-- Medians of table `result`, the ratios backfill.md promises, and all as JSON
-- into the file :json.
\set QUIET on
CREATE TEMP VIEW median AS
SELECT method,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY wal) AS wal,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY growth) AS growth,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hot) AS hot
FROM result GROUP BY method;

-- A ratio within each round, then its median: the rounds differ more than the
-- methods do on a busy machine.
CREATE TEMP VIEW ratio AS
SELECT a.method, b.method AS against,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds / b.seconds) AS time,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.wal / b.wal) AS wal,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.growth / b.growth) AS growth
FROM result AS a JOIN result AS b USING (round)
GROUP BY a.method, b.method;

CREATE TEMP VIEW promise AS
SELECT figure, round(value::numeric, 2) AS measured, at_most,
       value <= at_most AS kept
FROM (
  SELECT 1, 'time, pause 0 / one UPDATE', time, 0.8 FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
  UNION ALL
  SELECT 2, 'time, pause 0 / key-order batches', time, 0.5 FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'key-order'
  UNION ALL
  SELECT 3, 'time, defaults / one UPDATE', time, 2.0 FROM ratio
  WHERE method = 'pgexpand-defaults' AND against = 'one-update'
  UNION ALL
  SELECT 4, 'WAL, pause 0 / one UPDATE', wal, 0.6 FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
  UNION ALL
  SELECT 5, 'growth, pause 0 / one UPDATE', growth, 0.35 FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
) AS p(place, figure, value, at_most)
ORDER BY place;

\pset border 2
\pset footer off
SELECT method, round(seconds::numeric, 1) AS "time, s",
       round(wal::numeric / 1048576) AS "WAL, MB",
       round(growth::numeric / 1048576) AS "growth, MB",
       round(hot::numeric * 100) AS "HOT, %"
FROM median ORDER BY seconds;
SELECT * FROM promise;

\pset format unaligned
\pset tuples_only on
\o :json
SELECT jsonb_pretty(jsonb_build_object(
  'server', current_setting('server_version'),
  'rows', :rows,
  'rounds', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.round, r.place)
             FROM result AS r),
  'medians', (SELECT jsonb_agg(to_jsonb(m)) FROM median AS m),
  'promises', (SELECT jsonb_agg(to_jsonb(p)) FROM promise AS p)));
\o
