SELECT number, phase, last_event, arrived_wall_ms
FROM orders
ORDER BY number
