CREATE TABLE key_aliases (
  key          TEXT    NOT NULL PRIMARY KEY,
  order_number INTEGER NOT NULL,
  digest       BLOB    NOT NULL
) STRICT, WITHOUT ROWID
