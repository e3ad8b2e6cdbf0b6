SELECT number, shared_digest, shared
FROM bodies
WHERE number = ?1
