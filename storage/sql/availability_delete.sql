DELETE FROM availability
WHERE layer = ?1 AND item = ?2
