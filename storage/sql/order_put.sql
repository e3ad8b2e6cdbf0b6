INSERT OR REPLACE INTO orders (
  number, phase, last_event, arrived_wall_ms, updated_wall_ms, arrived_steady_ms, arrived_boot, id,
  release_secret, partner, partner_order_id, business_day, idempotency_key, traceparent,
  body_digest, test, reason, arrival_phase, arrival_reason, release_mode, release_due_steady_ms,
  release_due_wall_ms, release_due_boot, fallback, released_steady_ms, released_wall_ms,
  released_boot, released_by, intent_steady_ms, intent_wall_ms, intent_boot, reprints, in_doubt,
  pos_reference, placed_steady_ms, placed_wall_ms, placed_boot, pos_code, cancel_wanted,
  cancelled_by, cancel_asked_steady_ms, cancel_asked_wall_ms, cancel_asked_boot, cancel_text,
  item_count, pos_status, refusals, href, held_steady_ms, held_wall_ms, held_boot, announced,
  look_again, owed, fulfilment, for_later, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
  ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39, ?40,
  ?41, ?42, ?43, ?44, ?45, ?46, ?47, ?48, ?49, ?50, ?51, ?52, ?53, ?54, ?55, ?56, ?57
)
