DELETE FROM key_aliases
WHERE key = ?1
