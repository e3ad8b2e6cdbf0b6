DELETE FROM availability
WHERE layer = 0
