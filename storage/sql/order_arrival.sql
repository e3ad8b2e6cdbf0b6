SELECT phase, arrived_wall_ms
FROM orders
WHERE number = ?1
