SELECT number, phase, last_event, updated_wall_ms, owed
FROM orders
WHERE number >= ?1
ORDER BY number
LIMIT ?2
