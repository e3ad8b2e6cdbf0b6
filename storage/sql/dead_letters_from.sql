SELECT
  number, at_wall_ms, topic, bytes, why, digest
FROM dead_letters
WHERE number >= ?1
ORDER BY number
LIMIT ?2
