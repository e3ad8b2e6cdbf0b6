SELECT number, phase, last_event
FROM orders
ORDER BY number
