CREATE TABLE epochs (
  ordinal    INTEGER PRIMARY KEY,
  name       TEXT    NOT NULL,
  drawn_at   INTEGER NOT NULL,
  why        TEXT    NOT NULL,
  digest_key BLOB    NOT NULL,
  digest     BLOB    NOT NULL
) STRICT
