INSERT OR REPLACE INTO availability (
  layer, item, available, until_wall_ms, at_wall_ms, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6
)
