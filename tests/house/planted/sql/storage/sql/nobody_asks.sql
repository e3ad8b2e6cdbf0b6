-- Planted: a statement that no source names.
SELECT id FROM orders;
