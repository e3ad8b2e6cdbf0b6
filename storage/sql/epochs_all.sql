SELECT
  ordinal, name, drawn_at, why, digest_key, digest
FROM epochs
ORDER BY ordinal
