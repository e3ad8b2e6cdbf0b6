-- Planted: two statements in one file.
DELETE FROM orders WHERE id = ?1;
DELETE FROM events WHERE order_id = ?1;
