#!/usr/bin/env bash
# Measures the backfill against one big UPDATE and against key-order batches, on
# a throwaway server. Prints medians and what was promised; writes JSON.
#
#   tests/bench/backfill.sh [path of pgexpand]
#
# ROWS (1000000), ROUNDS (3), BENCH_JSON (backfill.json in the current folder).
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pgexpand=$(realpath "${1:-$here/../../build/pgexpand}")
export ROWS=${ROWS:-1000000} ROUNDS=${ROUNDS:-3}
export BENCH_JSON=${BENCH_JSON:-$PWD/backfill.json}

if [[ -z ${BENCH_IN_SANDBOX:-} ]]; then
  BENCH_IN_SANDBOX=1 exec "$pgexpand" sandbox -- "$here/backfill.sh" "$pgexpand"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { # database, then psql's arguments
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 \
    --dbname="$1" "${@:2}"
}

one_update() {
  sql run --command="UPDATE public.orders SET status_v2 = upper(status)"
}

key_order() {
  local first
  for ((first = 0; first < ROWS; first += 10000)); do
    echo "UPDATE public.orders SET status_v2 = upper(status)
          WHERE id > $first AND id <= $first + 10000
          AND status_v2 IS DISTINCT FROM upper(status);"
  done | sql run --file=-
}

apply() { # settings as variables
  env "$@" PGEXPAND_DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=run" \
    "$pgexpand" apply --through backfill --dir "$work/migrations" \
    >"$work/apply.log" 2>&1 || { cat "$work/apply.log" >&2; return 1; }
}

run_method() {
  case $1 in
    one-update) one_update ;;
    key-order) key_order ;;
    pgexpand-pause-0) apply PGEXPAND_PAUSE=0 ;;
    pgexpand-defaults) apply ;;
  esac
}

check_filled() {
  local left
  left=$(sql run --command="SELECT count(*) FROM public.orders
                            WHERE status_v2 IS DISTINCT FROM upper(status)")
  [[ $left == 0 ]] || { echo "$1 left $left rows behind" >&2; exit 1; }
}

measure() { # round, place, method
  sql postgres --command="DROP DATABASE IF EXISTS run" \
    --command="CREATE DATABASE run TEMPLATE seed" --command="CHECKPOINT"
  case $3 in
    pgexpand-*) ;;
    *) sql run --command="ALTER TABLE public.orders ADD status_v2 text" ;;
  esac
  local size="pg_total_relation_size('public.orders')"
  local before wal begin end
  before=$(sql run --command="SELECT $size")
  wal=$(sql run --command="SELECT pg_current_wal_insert_lsn()")
  begin=$(date +%s.%N)
  run_method "$3"
  end=$(date +%s.%N)
  sleep 1.5 # until the backends' counters have arrived
  check_filled "$3"
  sql run --field-separator=$'\t' --command="
    SELECT $1, $2, '$3', $end - $begin,
           pg_current_wal_insert_lsn() - '$wal', $size - $before,
           n_tup_hot_upd::float / greatest(n_tup_upd, 1)
    FROM pg_stat_user_tables WHERE relname = 'orders'" |
    tee -a "$work/results.tsv" >&2
}

mkdir "$work/migrations"
cat >"$work/migrations/0001_status.yaml" <<'SPEC'
operations:
  - add_column: {table: public.orders, column: status_v2, type: text, up: upper(status)}
SPEC

sql postgres --command="ALTER SYSTEM SET max_wal_size = '8GB'" \
  --command="SELECT pg_reload_conf()" >/dev/null
sql postgres --command="CREATE DATABASE seed"
echo "making $ROWS rows ..." >&2
sql seed --set=rows="$ROWS" --file="$here/backfill_seed.sql" >/dev/null

methods=(one-update key-order pgexpand-pause-0 pgexpand-defaults)
for ((round = 1; round <= ROUNDS; round++)); do
  for ((place = 0; place < ${#methods[@]}; place++)); do
    # Every other round backwards: what comes later meets a warmer machine.
    index=$((round % 2 ? place : ${#methods[@]} - 1 - place))
    measure "$round" "$place" "${methods[index]}"
  done
done

sql postgres --command="CREATE TABLE result (round int, place int, method text,
                        seconds float, wal float, growth float, hot float)"
sql postgres --command="\copy result FROM '$work/results.tsv'"
psql --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres --set=rows="$ROWS" \
  --set=json="$BENCH_JSON" --file="$here/backfill_report.sql"
