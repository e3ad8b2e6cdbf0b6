DELETE FROM availability
