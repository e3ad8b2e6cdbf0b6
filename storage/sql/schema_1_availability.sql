CREATE TABLE availability (
  item          TEXT    NOT NULL PRIMARY KEY,
  available     INTEGER NOT NULL,
  until_wall_ms INTEGER,
  at_wall_ms    INTEGER NOT NULL,
  digest        BLOB    NOT NULL
) STRICT, WITHOUT ROWID
