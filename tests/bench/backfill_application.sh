# An application at a fixed rate, and what a backfill costs it; sourced by
# backfill.sh.

app_warm_up=3
app_alone=$((ROWS / 100000 + 3)) # seconds without any backfill

# A latency counts from the moment at which the transaction was due.
start_application() {
  pgbench --no-vacuum --client=4 --protocol=prepared --random-seed=42 \
    --rate="$APP_RATE" --time=86400 --log --log-prefix="$work/statements" \
    --define=rows="$ROWS" --file="$here/backfill_application.pgbench" run \
    >"$work/pgbench.out" 2>"$work/pgbench.err" &
  application=$!
  children+=("$application")
}
# pgbench ends in good order, its log complete, at its own timer's signal.
stop_application() {
  kill -ALRM "$application"
  wait "$application" || { cat "$work/pgbench.err" >&2; return 1; }
  grep -q 'number of failed transactions: 0 ' "$work/pgbench.out" ||
    { cat "$work/pgbench.out" "$work/pgbench.err" >&2; return 1; }
  children=()
}

# Looks every 10 ms who waits for a lock; each look is a transaction of its own.
start_lock_watch() { # round, method
  psql --no-psqlrc --quiet --dbname=postgres >/dev/null 2>&1 <<SQL &
INSERT INTO lock_wait
SELECT $1, '$2', extract(epoch FROM clock_timestamp() - l.waitstart)
FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
WHERE NOT l.granted AND a.application_name = 'pgbench' \\watch 0.01
SQL
  lock_watch=$!
  children+=("$lock_watch")
}
stop_lock_watch() {
  kill "$lock_watch"
  wait "$lock_watch" 2>/dev/null || true
}

# Milliseconds: how many, median, 99th and 99.9th percentile, the longest.
percentiles() { # begin, end
  cat "$work"/statements.* |
    awk -v begin="$1" -v end="$2" \
      '{ at = $5 + $6 / 1e6 } at >= begin && at <= end { print $3 / 1000 }' |
    sort --general-numeric-sort |
    awk -v OFS='\t' 'function at(share, i) {
        i = int(NR * share); return all[i < 1 ? 1 : i]
      }
      { all[NR] = $1 }
      END { if (NR) print NR, at(0.5), at(0.99), at(0.999), at(1)
            else print 0, 0, 0, 0, 0 }'
}

beside() { # method
  case $1 in
    nothing) sleep "$app_alone" ;;
    pgexpand-*) through=switch run_method "$1" ;;
    *) run_method "$1" ;;
  esac
}

note_latencies() { # round, place, what, begin, end
  printf '%d\t%d\t%s\t%s\n' "$1" "$2" "$3" "$(percentiles "$4" "$5")" \
    >>"$work/latency.tsv"
}

# When each phase ended, as the state schema has it; the application's clock is
# the same machine's.
note_phases() { # round, place, method, begin
  local from=$4 phase at
  while IFS='|' read -r phase at; do
    note_latencies "$1" "$2" "$3, $phase" "$from" "$at"
    from=$at
  done < <(sql run --command="SELECT detail->>'phase', extract(epoch FROM at)
    FROM pgexpand.event WHERE kind = 'phase_done' ORDER BY id")
  sql run --field-separator=$'\t' --command="SELECT $1, '$3',
    detail->>'step', detail->>'held_ms' FROM pgexpand.event
    WHERE kind = 'lock_held'" >>"$work/holds.tsv"
}

measure_application() { # round, place, method
  local begin end
  start_over seed
  if [[ $3 == key-order* ]]; then
    prepare "$3"
    sql run --file="$here/backfill_sync.sql"
  fi
  start_application
  sleep "$app_warm_up"
  start_lock_watch "$1" "$3"
  begin=$EPOCHREALTIME
  beside "$3"
  end=$EPOCHREALTIME
  stop_lock_watch
  stop_application
  note_latencies "$1" "$2" "$3" "$begin" "$end"
  say "round $1: the application beside $3: $(tail -1 "$work/latency.tsv" |
    cut -f 5-) ms"
  [[ $3 != pgexpand-* ]] || note_phases "$1" "$2" "$3" "$begin"
  rm "$work"/statements.*
  [[ $3 == nothing ]] || check_filled "$3"
}
