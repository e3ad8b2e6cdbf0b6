CREATE TABLE meta (
  id                INTEGER PRIMARY KEY CHECK (id = 1),
  digest_key        BLOB    NOT NULL,
  epoch             INTEGER NOT NULL,
  availability_full INTEGER NOT NULL,
  published         INTEGER NOT NULL,
  acknowledged      INTEGER NOT NULL,
  pruned_through    INTEGER NOT NULL,
  pruned_digest     BLOB    NOT NULL,
  last_number       INTEGER NOT NULL,
  paused            INTEGER NOT NULL,
  paused_until_ms   INTEGER,
  paused_steady_ms  INTEGER NOT NULL,
  paused_wall_ms    INTEGER NOT NULL,
  paused_boot       BLOB    NOT NULL,
  digest            BLOB    NOT NULL
) STRICT
