INSERT INTO epochs (
  ordinal, name, drawn_at, why, digest_key, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6
)
