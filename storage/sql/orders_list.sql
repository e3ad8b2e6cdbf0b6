SELECT
  number, phase, last_event, arrived_wall_ms, updated_wall_ms, arrived_steady_ms, arrived_boot, id,
  release_secret, partner, partner_order_id, business_day, idempotency_key, traceparent,
  body_digest, test, reason, arrival_phase, arrival_reason, release_mode, release_due_steady_ms,
  release_due_wall_ms, release_due_boot, fallback, released_steady_ms, released_wall_ms,
  released_boot, released_by, intent_steady_ms, intent_wall_ms, intent_boot, reprints, in_doubt,
  pos_reference, placed_steady_ms, placed_wall_ms, placed_boot, pos_code, cancel_wanted,
  cancelled_by, cancel_asked_steady_ms, cancel_asked_wall_ms, cancel_asked_boot, cancel_text,
  item_count, pos_status, refusals, href, held_steady_ms, held_wall_ms, held_boot, announced,
  look_again, owed, fulfilment, for_later, digest
FROM orders
WHERE number < ?1 AND number >= ?2
  AND (?3 IS NULL OR phase = ?3) AND (?4 IS NULL OR partner = ?4)
ORDER BY number DESC
LIMIT ?5
