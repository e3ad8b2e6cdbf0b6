SELECT position, at_wall_ms, digest
FROM events
WHERE position <= ?1
ORDER BY position
LIMIT ?2
