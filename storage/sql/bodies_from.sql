SELECT
  number, erased, content_type, shared_digest, canonical_digest, digest, shared, canonical, raw
FROM bodies
WHERE number >= ?1
ORDER BY number
LIMIT ?2
