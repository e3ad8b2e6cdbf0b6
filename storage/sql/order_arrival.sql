SELECT phase
FROM orders
WHERE number = ?1
