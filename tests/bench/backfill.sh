#!/usr/bin/env bash
# Measures the backfill against one big UPDATE, against batches in key order and
# against a flag column with a row trigger: alone, beside an application, and
# with many rows. On a throwaway server of its own, with the same rows each time
# and in alternating order. Prints medians and what was promised; writes JSON.
# Ends with an error if any method leaves a wrong row behind; a broken promise
# is only printed.
#
#   tests/bench/backfill.sh [path of pgexpand, a Release build]
#
# ROWS        1000000; of the table that all methods fill
# ROUNDS      3; the figures are medians of them
# ROWS_BIG    5 * ROWS; for memory, and for rows/s against a tenth of them
# APP_RATE    200; transactions a second of the application
# BENCH_JSON  backfill.json in the current folder
#
# ROWS=100000 ROUNDS=1 takes under a minute: enough to see that all is right,
# too short for the figures.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pgexpand=$(realpath "${1:-$here/../../build/pgexpand}")
export ROWS=${ROWS:-1000000} ROUNDS=${ROUNDS:-3} APP_RATE=${APP_RATE:-200}
export ROWS_BIG=${ROWS_BIG:-$((5 * ROWS))}
export BENCH_JSON=${BENCH_JSON:-$PWD/backfill.json}

if [[ -z ${BENCH_IN_SANDBOX:-} ]]; then
  # Settings of ours, that is; which server to measure is the caller's.
  for name in "${!PGEXPAND_@}"; do
    [[ $name == PGEXPAND_PG_BINDIR ]] || unset "$name"
  done
  BENCH_IN_SANDBOX=1 exec "$pgexpand" sandbox -- "$here/backfill.sh" "$pgexpand"
fi

work=$(mktemp -d)
children=()
finish() {
  ((${#children[@]} == 0)) || kill "${children[@]}" 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT

# shellcheck source=tests/bench/backfill_methods.sh
source "$here/backfill_methods.sh"
# shellcheck source=tests/bench/backfill_application.sh
source "$here/backfill_application.sh"

say() { printf '%6d s  %s\n' "$SECONDS" "$*" >&2; }

sql() { # database, then psql's arguments
  PGOPTIONS="-c client_min_messages=warning" psql --no-psqlrc --quiet \
    --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1" "${@:2}"
}

make_seed() { # database, rows
  say "making $2 rows"
  sql postgres --command="CREATE DATABASE $1"
  sql "$1" --set=rows="$2" --file="$here/backfill_seed.sql" >/dev/null
}

# What was there before, and must be there afterwards.
old_values="SELECT count(*), sum(hashtextextended(concat_ws(',', id,
  customer_id, status, total, note, created_at), 0)::numeric) FROM public.orders"

start_over() { # seed
  sql postgres --command="DROP DATABASE IF EXISTS run" \
    --command="CREATE DATABASE run TEMPLATE $1" --command="CHECKPOINT"
}

check_filled() { # method
  local left
  left=$(sql run --command="SELECT count(*) FROM public.orders
                            WHERE status_v2 IS DISTINCT FROM upper(status)")
  [[ $left == 0 ]] || { echo "$1: $left rows are not filled" >&2; exit 1; }
}
check_old_values() { # method, seed
  [[ $(sql run --command="$old_values") == \
    $(sql "$2" --command="$old_values") ]] ||
    { echo "$1: rows were lost or changed" >&2; exit 1; }
}

# One line of results: the method alone on a fresh copy of the seed.
measure() { # round, place, method, seed, rows
  start_over "$4"
  prepare "$3"
  local size="pg_total_relation_size('public.orders')"
  local before wal begin end
  before=$(sql run --command="SELECT $size")
  wal=$(sql run --command="SELECT pg_current_wal_insert_lsn()")
  begin=$EPOCHREALTIME
  run_method "$3"
  end=$EPOCHREALTIME
  sleep 1.5 # until the backends' counters have arrived
  sql run --field-separator=$'\t' --command="
    SELECT $1, $2, '$3', $5, $end::numeric - $begin::numeric,
           pg_current_wal_insert_lsn() - '$wal', $size - $before,
           n_tup_hot_upd::float / greatest(n_tup_upd, 1),
           ${peak_kb:-0}::bigint * 1024
    FROM pg_stat_user_tables WHERE relname = 'orders'" >"$work/line"
  cat "$work/line" >>"$work/results.tsv"
  say "round $1: $3, $5 rows, $(cut -f 5 "$work/line") s"
  check_filled "$3"
  check_old_values "$3" "$4"
}

# Every other round backwards: what comes later meets a warmer machine.
in_turn() { # round, names
  local names=("${@:2}") place
  for ((place = 0; place < ${#names[@]}; place++)); do
    echo "${names[$1 % 2 ? place : ${#names[@]} - 1 - place]}"
  done
}

# No checkpoint, no vacuum and no analyze of one run's own: none is luckier.
sql postgres --command="ALTER SYSTEM SET max_wal_size = '32GB'" \
  --command="ALTER SYSTEM SET checkpoint_timeout = '1h'" \
  --command="ALTER SYSTEM SET autovacuum = off" \
  --command="SELECT pg_reload_conf()" \
  --command="CREATE TABLE result (round int, place int, method text, rows float,
             seconds float, wal float, growth float, hot float, memory float)" \
  --command="CREATE TABLE latency (round int, place int, beside text,
             transactions int, p50 float, p99 float, p999 float,
             longest float)" \
  --command="CREATE TABLE hold (round int, beside text, step text, ms float)" \
  --command="CREATE TABLE lock_wait (round int, beside text, seconds float)" \
  >/dev/null
write_specs

make_seed seed "$ROWS"
for ((round = 1; round <= ROUNDS; round++)); do
  place=0
  for method in $(in_turn "$round" "${methods[@]}"); do
    measure "$round" $((place++)) "$method" seed "$ROWS"
  done
done
for ((round = 1; round <= ROUNDS; round++)); do
  place=0
  for method in $(in_turn "$round" nothing pgexpand-defaults \
    pgexpand-pause-0 key-order key-order-1000); do
    measure_application "$round" $((place++)) "$method"
  done
done
sql postgres --command="DROP DATABASE seed"
make_seed big "$ROWS_BIG"
make_seed tenth $((ROWS_BIG / 10))
for ((round = 1; round <= ROUNDS; round++)); do
  place=0
  for seed in $(in_turn "$round" tenth big); do
    rows=$(sql "$seed" --command="SELECT count(*) FROM public.orders")
    measure "$round" $((place++)) "pgexpand-$seed" "$seed" "$rows"
  done
done

sql postgres --command="\copy result FROM '$work/results.tsv'"
sql postgres --command="\copy latency FROM '$work/latency.tsv'"
sql postgres --command="\copy hold FROM '$work/holds.tsv'"
psql --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres --set=rows="$ROWS" \
  --set=rows_big="$ROWS_BIG" --set=rate="$APP_RATE" \
  --set=version="$("$pgexpand" --version)" --set=json="$BENCH_JSON" \
  --file="$here/backfill_report.sql"
