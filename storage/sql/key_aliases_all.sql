SELECT
  key, order_number, digest
FROM key_aliases
ORDER BY key
