INSERT INTO events (
  position, order_number, at_wall_ms, type, previous, phase, previous_phase, reason, actor,
  token_shown, pos_reference, details, predecessor_digest, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14
)
