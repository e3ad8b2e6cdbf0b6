DELETE FROM orders
WHERE number = ?1
