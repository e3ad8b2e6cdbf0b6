SELECT number, phase, last_event, owed
FROM orders
ORDER BY number
