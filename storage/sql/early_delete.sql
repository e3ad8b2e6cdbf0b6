DELETE FROM early
WHERE kind = ?1 AND partner = ?2 AND partner_order_id = ?3
