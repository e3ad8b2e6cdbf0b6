DELETE FROM bodies
WHERE number = ?1
