-- The table before the migration: an integer key that is running out.
CREATE TABLE customers (
  id serial PRIMARY KEY,
  name text NOT NULL
);
CREATE TABLE invoices (
  id serial PRIMARY KEY,
  customer_id integer NOT NULL REFERENCES customers ON DELETE CASCADE,
  amount numeric(10,2) NOT NULL
);
INSERT INTO customers (name) SELECT 'customer ' || n FROM generate_series(1, 1000) AS n;
INSERT INTO invoices (customer_id, amount)
SELECT n % 1000 + 1, n * 0.37 FROM generate_series(1, 3000) AS n;
CREATE INDEX customers_name_idx ON customers (name, id DESC);
COMMENT ON COLUMN customers.id IS 'running number';
