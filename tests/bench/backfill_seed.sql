-- An orders-like table with four indexes and full pages, the same every time.
CREATE TABLE public.orders (
  id bigint PRIMARY KEY,
  customer_id bigint NOT NULL,
  status text NOT NULL,
  total numeric(12, 2) NOT NULL,
  note text,
  created_at timestamptz NOT NULL
);
CREATE SEQUENCE public.new_id START 1000000000;
SELECT setseed(0.42);
INSERT INTO public.orders
SELECT g, (random() * 50000)::bigint,
       (ARRAY['new', 'paid', 'shipped', 'done'])[1 + g % 4],
       (random() * 1000)::numeric(12, 2), md5(g::text),
       timestamptz '2026-01-01 00:00:00+00' + g * interval '1 second'
FROM generate_series(1, :rows) AS g;
CREATE INDEX orders_customer_idx ON public.orders (customer_id);
CREATE INDEX orders_created_idx ON public.orders (created_at);
CREATE INDEX orders_status_idx ON public.orders (status, total);
VACUUM (FREEZE, ANALYZE) public.orders;
