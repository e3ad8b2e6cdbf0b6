CREATE TABLE availability (
  layer         INTEGER NOT NULL,
  item          TEXT    NOT NULL,
  available     INTEGER NOT NULL,
  until_wall_ms INTEGER,
  at_wall_ms    INTEGER NOT NULL,
  digest        BLOB    NOT NULL,
  PRIMARY KEY (layer, item)
) STRICT, WITHOUT ROWID
