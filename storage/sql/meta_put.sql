INSERT OR REPLACE INTO meta (
  id, digest_key, epoch, availability_full, published, acknowledged, pruned_through, pruned_digest,
  last_number, paused, paused_until_ms, paused_steady_ms, paused_wall_ms, paused_boot, digest
) VALUES (
  ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15
)
