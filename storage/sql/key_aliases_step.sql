SELECT key, order_number, digest
FROM key_aliases
WHERE key > ?1
ORDER BY key
LIMIT ?2
