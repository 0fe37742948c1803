#!/usr/bin/env bash
# How long a user waits before anything happens: `--version`, `lint` of 1,000
# specs, `plan` on a database of 1,000 tables. Prints medians of five runs in
# milliseconds. Usage: tests/bench/startup.sh [path of pgexpand]
set -euo pipefail

pgexpand=$(realpath "${1:-build/pgexpand}")
if [ -z "${PGEXPAND_DSN:-}" ]; then
  exec "$pgexpand" sandbox -- "$0" "$pgexpand"
fi
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
cd "$work"

median_ms() {
  for _ in 1 2 3 4 5; do
    local begin=$EPOCHREALTIME
    "$@" > /dev/null 2> last.err || { cat last.err >&2; exit 1; }
    local end=$EPOCHREALTIME
    echo $(((${end/./} - ${begin/./}) / 100))
  done | sort -n | awk 'NR == 3 { printf "%.1f", $1 / 10 }'
}

mkdir many one
for n in $(seq -w 1 1000); do
  cat > "many/20260101_add_$n.yaml" << YAML
description: Give orders.status_$n room
operations:
  - add_column:
      table: orders_$n
      column: status_v2
      type: varchar(50)
      up: status
YAML
done
cp many/20260101_add_0500.yaml one/

for n in $(seq -w 1 1000); do
  echo "CREATE TABLE orders_$n (id bigint PRIMARY KEY, status varchar(20),
        total int CHECK (total >= 0)); CREATE INDEX ON orders_$n (status);"
done | psql --no-psqlrc --quiet

printf '%-40s %10s %10s\n' what 'ms' 'must be'
printf '%-40s %10s %10s\n' 'pgexpand --version' \
  "$(median_ms "$pgexpand" --version)" '< 20'
printf '%-40s %10s %10s\n' 'lint of 1,000 specs' \
  "$(median_ms "$pgexpand" lint many)" '< 1000'
printf '%-40s %10s %10s\n' 'plan of one, beside 1,000 tables' \
  "$(median_ms "$pgexpand" plan --dir one)" '< 1000'
