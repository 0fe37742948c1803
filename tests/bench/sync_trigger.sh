#!/usr/bin/env bash
# What the sync trigger costs a row: in `versions: none` before and after the
# switch, in `versions: views` before it (one trigger) and after it (two, of
# which WHEN lets one fire), for old and for new code. On a throwaway server of
# its own. Each figure is the median over the rounds of: processor time of a
# statement on the migrated table less that on a copy without triggers, by row.
# Linux only.
#
#   tests/bench/sync_trigger.sh [path of pgexpand, a Release build]
#
# ROWS    200000; of each statement
# ROUNDS  7
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
pgexpand=$(realpath "${1:-$here/../../build/pgexpand}")
export ROWS=${ROWS:-200000} ROUNDS=${ROUNDS:-7}

if [[ -z ${BENCH_IN_SANDBOX:-} ]]; then
  # Settings of ours, that is; which server to measure is the caller's.
  for name in "${!PGEXPAND_@}"; do
    [[ $name == PGEXPAND_PG_BINDIR ]] || unset "$name"
  done
  BENCH_IN_SANDBOX=1 exec "$pgexpand" sandbox -- \
    "$here/sync_trigger.sh" "$pgexpand"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
mkdir migrations
cat >migrations/1_amount.yaml <<'SPEC'
operations:
  - alter_column: {table: orders, column: amount, type: bigint}
SPEC

sql() { # database, then psql's arguments
  PGOPTIONS="-c client_min_messages=warning" psql --no-psqlrc --quiet \
    --tuples-only --no-align --set=ON_ERROR_STOP=1 --dbname="$1" "${@:2}"
}

go_through() { # mode, phase
  echo "versions: $1" >pgexpand.yaml
  PGEXPAND_DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=$1" \
    "$pgexpand" apply --through "$2" >apply.log 2>&1 ||
    { cat apply.log >&2; exit 1; }
  sql "$1" --command="CREATE TABLE bench.plain_$2
                      (LIKE public.orders INCLUDING ALL)"
}

# Three statements, on the migrated table and on its copy.
measure() { # what, mode, phase, search_path
  local round copy=bench.plain_$3
  for ((round = 1; round <= ROUNDS; round++)); do
    sql "$2" --command="SET search_path = $4" --command="
      SELECT concat_ws(E'\t', '$1', $round, statement, cost)
      FROM bench.compare('$copy', $ROWS, $round % 2 = 1)" >>results.tsv
  done
}

sql postgres --command="ALTER SYSTEM SET autovacuum = off" \
  --command="ALTER SYSTEM SET max_wal_size = '16GB'" \
  --command="ALTER SYSTEM SET checkpoint_timeout = '1h'" \
  --command="SELECT pg_reload_conf()" \
  --command="CREATE TABLE result (place int GENERATED ALWAYS AS IDENTITY,
             state text, round int, statement text, cost float)" >/dev/null
for mode in none views; do
  sql postgres --command="CREATE DATABASE $mode"
  sql "$mode" --file="$here/sync_trigger.sql"
done

measure_old() { measure "$1" "$2" "$3" public; }
go_through none expand
measure_old "none, before the switch" none expand
go_through none switch
measure_old "none, after it" none switch
go_through views expand
measure_old "views, one trigger" views expand
go_through views switch
measure_old "views, two, old code" views switch
measure "views, two, new code" views switch "public_1_amount, public"

columns="state, round, statement, cost"
sql postgres --command="\copy result ($columns) FROM 'results.tsv'"
psql --no-psqlrc --set=ON_ERROR_STOP=1 --dbname=postgres --pset=footer=off \
  --set=rows="$ROWS" --command="
  SELECT state AS \"microseconds a row\",
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY cost)
     FILTER (WHERE statement = 'insert'))::numeric(9, 2) AS insert,
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY cost)
     FILTER (WHERE statement = 'update'))::numeric(9, 2) AS \"update of the column\",
    (percentile_cont(0.5) WITHIN GROUP (ORDER BY cost)
     FILTER (WHERE statement = 'other'))::numeric(9, 2) AS \"of another one\",
    '< 3' AS \"must be\"
  FROM result GROUP BY state ORDER BY min(place)"
