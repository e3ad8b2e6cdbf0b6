INSERT INTO dead_letters (
  number, at_wall_ms, topic, bytes, why, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6
)
