-- Batches in key order beside an application need a trigger, too.
CREATE FUNCTION public.compute_status() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW.status_v2 := upper(NEW.status);
  RETURN NEW;
END $$;
CREATE TRIGGER compute_status BEFORE INSERT OR UPDATE ON public.orders
  FOR EACH ROW EXECUTE FUNCTION public.compute_status();
