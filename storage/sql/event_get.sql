SELECT
  position, order_number, at_wall_ms, type, previous, phase, previous_phase, reason, actor,
  token_shown, pos_reference, details, predecessor_digest, digest
FROM events
WHERE position = ?1
