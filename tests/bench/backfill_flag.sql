-- The column that says which rows are still to do, the trigger that computes the
-- value for every writer, and batches that only touch the rows.
ALTER TABLE public.orders ADD status_v2 text,
  ADD needs_backfill boolean DEFAULT true;
CREATE FUNCTION public.compute_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.status_v2 := upper(NEW.status);
  NEW.needs_backfill := false;
  RETURN NEW;
END $$;
CREATE TRIGGER compute_status BEFORE INSERT OR UPDATE ON public.orders
  FOR EACH ROW EXECUTE FUNCTION public.compute_status();

-- Without a client there is not even a round trip between two batches.
CREATE PROCEDURE public.fill_flagged(batch_rows int) LANGUAGE plpgsql AS $$
DECLARE
  last_id bigint := 0;
  reached bigint;
BEGIN
  LOOP
    WITH batch AS (
      SELECT id FROM public.orders WHERE id > last_id AND needs_backfill
      ORDER BY id LIMIT batch_rows FOR NO KEY UPDATE
    ), touched AS (
      UPDATE public.orders AS o SET status_v2 = NULL FROM batch
      WHERE o.id = batch.id RETURNING o.id
    )
    SELECT max(id) INTO reached FROM touched;
    EXIT WHEN reached IS NULL;
    last_id := reached;
    COMMIT;
  END LOOP;
END $$;
