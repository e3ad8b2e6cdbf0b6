SELECT
  kind, partner, partner_order_id, actor, text, at_steady_ms, at_wall_ms, at_boot, digest
FROM early
ORDER BY kind, partner, partner_order_id
