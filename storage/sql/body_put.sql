INSERT OR REPLACE INTO bodies (
  number, erased, content_type, shared_digest, canonical_digest, digest, shared, canonical, raw
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
)
