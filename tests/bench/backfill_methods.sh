# The ways to fill orders.status_v2, sourced by backfill.sh.

methods=(one-update key-order flag-column pgexpand-pause-0 pgexpand-defaults)

write_specs() {
  mkdir "$work/migrations"
  mkfifo "$work/never" # nothing is ever written to it
  cat >"$work/migrations/0001_status.yaml" <<'SPEC'
operations:
  - add_column: {table: public.orders, column: status_v2, type: text, up: upper(status)}
SPEC
}

# What comes before the clock starts. pgexpand adds its column itself.
prepare() { # method
  case $1 in
    pgexpand-*) ;;
    flag-column) sql run --file="$here/backfill_flag.sql" ;;
    *) sql run --command="ALTER TABLE public.orders ADD status_v2 text" ;;
  esac
}

# Sets peak_kb where pgexpand ran.
run_method() { # method
  peak_kb=
  case $1 in
    one-update)
      sql run --command="UPDATE public.orders SET status_v2 = upper(status)"
      ;;
    key-order) key_order 10000 ;;
    key-order-1000) key_order 1000 ;; # as a peer does it
    flag-column) sql run --command="CALL public.fill_flagged(1000)" ;;
    pgexpand-defaults) apply ;;
    pgexpand-*) apply PGEXPAND_PAUSE=0ms ;;
  esac
}

# By ranges of the key, each a transaction, nothing in between.
key_order() { # rows of a range
  local first
  for ((first = 0; first < ROWS; first += $1)); do
    echo "UPDATE public.orders SET status_v2 = upper(status)
          WHERE id > $first AND id <= $first + $1
          AND status_v2 IS DISTINCT FROM upper(status);"
  done | sql run --file=-
}

apply() { # settings as variables
  env "$@" PGEXPAND_DSN="host=$PGHOST port=$PGPORT user=$PGUSER dbname=run" \
    "$pgexpand" apply --through "${through:-backfill}" --dir "$work/migrations" \
    >"$work/apply.log" 2>&1 &
  local pid=$! name value
  # Without further processes: they would take time from what is measured.
  while kill -0 "$pid" 2>/dev/null; do
    while read -r name value _; do
      [[ $name != VmHWM: ]] || peak_kb=$value
    done 2>/dev/null <"/proc/$pid/status" || true
    read -rt 0.05 <>"$work/never" || true
  done
  wait "$pid" || { cat "$work/apply.log" >&2; return 1; }
}
