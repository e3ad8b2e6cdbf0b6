SELECT
  id, digest_key, epoch, availability_full, published, acknowledged, pruned_through, pruned_digest,
  last_number, digest
FROM meta
WHERE id = 1
