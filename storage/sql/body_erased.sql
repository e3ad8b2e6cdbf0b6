SELECT erased
FROM bodies
WHERE number = ?1
