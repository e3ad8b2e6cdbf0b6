INSERT OR REPLACE INTO key_aliases (
  key, order_number, digest
) VALUES (
  ?1, ?2, ?3
)
