SELECT
  layer, item, available, until_wall_ms, at_wall_ms, digest
FROM availability
ORDER BY layer, item
