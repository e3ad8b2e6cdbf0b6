SELECT number, canonical_digest, canonical
FROM bodies
WHERE number = ?1
