CREATE TABLE dead_letters (
  number     INTEGER PRIMARY KEY,
  at_wall_ms INTEGER NOT NULL,
  topic      TEXT    NOT NULL,
  bytes      BLOB    NOT NULL,
  why        TEXT    NOT NULL,
  digest     BLOB    NOT NULL
) STRICT
