#!/usr/bin/env bash
# How long each example's steps hold a lock that blocks reads or writes, COMMIT
# included, as the server's clock has it: apply, rollback, apply and contract, in
# both modes, beside the server and DISTANCE ms away from it. Prints milliseconds.
#
#   tests/bench/locks.sh [BUILD]
#
# BUILD      build; with pgexpand and tests/far_away
# DISTANCE   30
# ROUNDS     3
# OPERATIONS of all of them; some, separated by spaces
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
build=$(realpath "${1:-$root/build}")
export DISTANCE=${DISTANCE:-30} ROUNDS=${ROUNDS:-3}
if [[ -z ${BENCH_IN_SANDBOX:-} ]]; then
  BENCH_IN_SANDBOX=1 exec "$build/pgexpand" sandbox -- "$0" "$build"
fi
work=$(mktemp --directory)
trap 'rm -rf "$work"' EXIT
cd "$work"
read -ra operations <<< "${OPERATIONS:-$(
  sed -n 's/^OPERATION(\(.*\))$/\1/p' "$root/src/ops/operations.def" | tr '\n' ' '
)}"

# Prints what each lock was held for.
holds() { # operation, mode, command before pgexpand
  rm -rf migrations run.json
  mkdir migrations
  echo "versions: $2" > pgexpand.yaml
  cp "$root/migrations-examples/$1.yaml" migrations/
  dropdb --if-exists run 2> /dev/null
  createdb run
  export PGDATABASE=run
  psql --no-psqlrc --quiet --file="$root/migrations-examples/$1.setup.sql"
  export PGEXPAND_DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=run"
  local words
  for words in "apply --through switch" "rollback $1" "apply --through switch" \
    contract; do
    # shellcheck disable=SC2086
    "${@:3}" "$build/pgexpand" -o json $words >> run.json 2> run.err ||
      { cat run.err run.json >&2; exit 1; }
  done
  export PGDATABASE=postgres
  grep -o '"held_ms":[0-9.]*' run.json | cut -d: -f2
}

median_and_longest() {
  sort -g | awk '{ all[NR] = $1 }
    END { printf "%8.1f %8.1f", all[int((NR + 1) / 2)], all[NR] }'
}

printf '%-16s %-6s %17s %17s\n' '' '' 'beside the server' "$DISTANCE ms away"
printf '%-16s %-6s %8s %8s %8s %8s\n' example mode median longest median longest
for operation in "${operations[@]}"; do
  for mode in none views; do
    near=$(for ((i = 0; i < ROUNDS; i++)); do holds "$operation" "$mode"; done)
    far=$(for ((i = 0; i < ROUNDS; i++)); do
      holds "$operation" "$mode" "$build/tests/far_away" "$DISTANCE"
    done)
    printf '%-16s %-6s %s %s\n' "$operation" "$mode" \
      "$(median_and_longest <<< "$near")" "$(median_and_longest <<< "$far")"
  done
done
