CREATE TABLE bodies (
  number           INTEGER PRIMARY KEY,
  erased           INTEGER NOT NULL,
  content_type     TEXT    NOT NULL,
  shared_digest    BLOB    NOT NULL,
  canonical_digest BLOB    NOT NULL,
  digest           BLOB    NOT NULL,
  shared           TEXT    NOT NULL,
  canonical        TEXT    NOT NULL,
  raw              BLOB    NOT NULL
) STRICT
