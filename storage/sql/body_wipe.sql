UPDATE bodies
SET erased = 1, canonical = '', raw = x''
WHERE number = ?1
