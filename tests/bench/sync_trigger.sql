-- The table of sync_trigger.sh, and what measures it.
CREATE TABLE public.orders (id bigint PRIMARY KEY, customer_id integer,
  status text, amount integer, note text);
CREATE SCHEMA bench;

-- Of the processor, by this session: other work on the machine does not count.
CREATE FUNCTION bench.microseconds(statement text) RETURNS float
LANGUAGE plpgsql AS $$
DECLARE
  counter text := '/proc/self/schedstat';
  start float := split_part(pg_read_file(counter), ' ', 1)::float;
BEGIN
  EXECUTE statement;
  RETURN (split_part(pg_read_file(counter), ' ', 1)::float - start) / 1000;
END $$;

-- `orders` is found as the session finds it: the table, or a version's view.
CREATE FUNCTION bench.run(relation text, physical text, rows integer)
RETURNS float[] LANGUAGE plpgsql AS $$
DECLARE
  fill text := format('INSERT INTO %s (id, customer_id, status, amount, note)'
    ' SELECT g, g %% 1000, ''open'', g, ''none'''
    ' FROM generate_series(1, %s) AS g', relation, rows);
  emptied text := format('TRUNCATE %s', physical);
  cost float[];
BEGIN
  EXECUTE emptied;
  cost[1] := bench.microseconds(fill);
  cost[2] := bench.microseconds(
    format('UPDATE %s SET amount = amount + 1', relation));
  EXECUTE emptied;
  EXECUTE fill;
  cost[3] := bench.microseconds(
    format('UPDATE %s SET status = ''sent''', relation));
  EXECUTE emptied;
  RETURN cost;
END $$;

CREATE FUNCTION bench.compare(copy text, rows integer, copy_first boolean)
RETURNS TABLE (statement text, cost float) LANGUAGE plpgsql AS $$
DECLARE
  without float[];
  synced float[];
BEGIN
  IF copy_first THEN
    without := bench.run(copy, copy, rows);
  END IF;
  synced := bench.run('orders', 'public.orders', rows);
  IF NOT copy_first THEN
    without := bench.run(copy, copy, rows);
  END IF;
  RETURN QUERY SELECT (ARRAY['insert', 'update', 'other'])[n],
                      (synced[n] - without[n]) / rows
  FROM generate_series(1, 3) AS n;
END $$;
