SELECT
  id, digest_key, epoch, availability_full, published, acknowledged, pruned_through, pruned_digest,
  last_number, paused, paused_until_ms, paused_steady_ms, paused_wall_ms, paused_boot, digest
FROM meta
WHERE id = 1
