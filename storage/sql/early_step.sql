SELECT kind, partner, partner_order_id, actor, text, at_steady_ms, at_wall_ms, at_boot, digest
FROM early
WHERE (kind, partner, partner_order_id) > (?1, ?2, ?3)
ORDER BY kind, partner, partner_order_id
LIMIT ?4
