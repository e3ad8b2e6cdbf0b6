-- A good file: the statements inside a trigger belong to it.
CREATE TRIGGER orders_are_kept BEFORE DELETE ON orders
BEGIN
  SELECT RAISE(ABORT, 'kept');
  SELECT 1;
END;
