SELECT number, at_wall_ms
FROM dead_letters
WHERE number >= ?1
ORDER BY number
LIMIT ?2
