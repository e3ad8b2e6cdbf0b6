INSERT OR REPLACE INTO early (
  kind, partner, partner_order_id, actor, text, at_steady_ms, at_wall_ms, at_boot, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9
)
