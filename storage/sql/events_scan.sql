SELECT position, order_number
FROM events
WHERE position >= ?1
ORDER BY position
