SELECT position, order_number, previous, type
FROM events
WHERE position > ?1 AND position < ?2
ORDER BY position DESC
LIMIT ?3
