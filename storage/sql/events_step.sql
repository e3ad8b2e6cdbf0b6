SELECT position, at_wall_ms, digest
FROM events
WHERE position > ?3 AND position <= ?1
ORDER BY position
LIMIT ?2
