-- Medians of the tables result, latency and lock_wait, the limits that
-- docs/backfill.md promises, and all as JSON into the file :json.
\set QUIET on
CREATE TEMP VIEW median AS
SELECT method, rows,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds) AS seconds,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY rows / seconds) AS speed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY wal) AS wal,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY growth) AS growth,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY hot) AS hot,
       max(memory) AS memory
FROM result GROUP BY method, rows;

CREATE TEMP VIEW waited AS
SELECT l.round, l.beside,
       1000 * coalesce(max(w.seconds), 0) AS longest_lock_wait
FROM latency AS l LEFT JOIN lock_wait AS w USING (round, beside)
GROUP BY l.round, l.beside;

CREATE TEMP VIEW median_latency AS
SELECT beside,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p50) AS p50,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p99) AS p99,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY p999) AS p999,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY longest) AS longest,
       max(longest_lock_wait) AS longest_lock_wait
FROM latency JOIN waited USING (round, beside) GROUP BY beside;

-- A ratio within each round, then its median: the rounds differ more than the
-- methods do on a busy machine.
CREATE TEMP VIEW ratio AS
SELECT a.method, b.method AS against,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.seconds / b.seconds) AS time,
       percentile_cont(0.5) WITHIN GROUP
         (ORDER BY (a.rows / a.seconds) / (b.rows / b.seconds)) AS speed,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.wal / b.wal) AS wal,
       percentile_cont(0.5) WITHIN GROUP
         (ORDER BY a.growth / nullif(b.growth, 0)) AS growth
FROM result AS a JOIN result AS b USING (round)
GROUP BY a.method, b.method;

CREATE TEMP VIEW latency_ratio AS
SELECT a.beside, b.beside AS against,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY a.p99 / b.p99) AS p99
FROM latency AS a JOIN latency AS b USING (round)
GROUP BY a.beside, b.beside;

CREATE TEMP VIEW promise AS
SELECT place, figure, value AS measured,
       CASE WHEN at_least THEN '>= ' ELSE '<= ' END || bound AS promised,
       CASE WHEN at_least THEN value >= bound ELSE value <= bound END AS kept
FROM (
  SELECT 1, 'time, pause 0 / one UPDATE', time, 0.8, false FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
  UNION ALL
  SELECT 2, 'time, pause 0 / batches in key order', time, 0.5, false FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'key-order'
  UNION ALL
  SELECT 3, 'time, pause 0 / flag column', time, 1.0, false FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'flag-column'
  UNION ALL
  SELECT 4, 'time, defaults / one UPDATE', time, 2.0, false FROM ratio
  WHERE method = 'pgexpand-defaults' AND against = 'one-update'
  UNION ALL
  SELECT 5, 'WAL, pause 0 / one UPDATE', wal, 0.6, false FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
  UNION ALL
  SELECT 6, 'growth, pause 0 / one UPDATE', growth, 0.35, false FROM ratio
  WHERE method = 'pgexpand-pause-0' AND against = 'one-update'
  UNION ALL
  SELECT 7, 'application p99 while filling, defaults / no backfill', p99, 1.3,
         false
  FROM latency_ratio
  WHERE beside = 'pgexpand-defaults, backfill' AND against = 'nothing'
  UNION ALL
  SELECT 8, 'application p99, defaults / batches in key order', p99, 1.0, false
  FROM latency_ratio
  WHERE beside = 'pgexpand-defaults' AND against = 'key-order'
  UNION ALL
  SELECT 9, 'longest lock wait of the application, ms', longest_lock_wait, 350,
         false
  FROM median_latency WHERE beside = 'pgexpand-defaults'
  UNION ALL
  SELECT 12, 'longest of the application while filling, defaults, ms', longest,
         25, false
  FROM median_latency WHERE beside = 'pgexpand-defaults, backfill'
  UNION ALL
  SELECT 13, 'longest of the application while filling, pause 0, ms', longest,
         60, false
  FROM median_latency WHERE beside = 'pgexpand-pause-0, backfill'
  UNION ALL
  SELECT 14, 'longest of the application in the whole run, defaults, ms',
         longest, 50, false
  FROM median_latency WHERE beside = 'pgexpand-defaults'
  UNION ALL
  SELECT 15, 'median hold of a blocking lock, ms',
         percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), 10, false FROM hold
  UNION ALL
  SELECT 10, 'memory of pgexpand, ' || rows || ' rows, MB', memory / 1048576, 64,
         false
  FROM median WHERE method = 'pgexpand-big'
  UNION ALL
  SELECT 11, 'rows/s at ten times the rows / at once', speed, 0.8, true
  FROM ratio WHERE method = 'pgexpand-big' AND against = 'pgexpand-tenth'
) AS p(place, figure, value, bound, at_least);

\pset border 2
\pset footer off
SELECT method, rows, round(seconds::numeric, 1) AS "time, s",
       round(speed::numeric / 1000) AS "1000 rows/s",
       round(wal::numeric / 1048576) AS "WAL, MB",
       round(growth::numeric / 1048576) AS "growth, MB",
       round(hot::numeric * 100) AS "HOT, %",
       round(memory::numeric / 1048576) AS "memory, MB"
FROM median ORDER BY rows, seconds;
SELECT beside AS "application beside", round(p50::numeric, 1) AS "p50, ms",
       round(p99::numeric, 1) AS "p99, ms",
       round(p999::numeric, 1) AS "p99.9, ms",
       round(longest::numeric, 1) AS "max, ms",
       round(longest_lock_wait::numeric) AS "lock wait, ms"
FROM median_latency ORDER BY p99;
SELECT step AS "blocking lock of", count(*) AS times,
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 1)
         AS "median hold, ms", round(max(ms)::numeric, 1) AS "longest, ms"
FROM hold GROUP BY step ORDER BY step;
SELECT figure, round(measured::numeric, 2) AS measured, promised,
       CASE WHEN kept THEN 'kept' ELSE 'BROKEN' END AS verdict
FROM promise ORDER BY place;

\pset format unaligned
\pset tuples_only on
\o :json
SELECT jsonb_pretty(jsonb_build_object(
  'program', :'version',
  'server', current_setting('server_version'),
  'rows', :rows, 'rows_big', :rows_big, 'application_rate', :rate,
  'rounds', (SELECT jsonb_agg(to_jsonb(r) ORDER BY r.round, r.place)
             FROM result AS r),
  'latencies', (SELECT jsonb_agg(to_jsonb(l) ORDER BY l.round, l.place)
                FROM latency AS l),
  'holds', (SELECT jsonb_agg(to_jsonb(h)) FROM hold AS h),
  'lock_waits', (SELECT jsonb_agg(to_jsonb(w)) FROM waited AS w),
  'medians', (SELECT jsonb_agg(to_jsonb(m)) FROM median AS m),
  'median_latencies', (SELECT jsonb_agg(to_jsonb(m)) FROM median_latency AS m),
  'promises', (SELECT jsonb_agg(to_jsonb(p) ORDER BY place)
               FROM promise AS p)));
\o
