CREATE TABLE events (
  position           INTEGER PRIMARY KEY,
  order_number       INTEGER NOT NULL,
  at_wall_ms         INTEGER NOT NULL,
  type               INTEGER NOT NULL,
  previous           INTEGER NOT NULL,
  phase              INTEGER NOT NULL,
  previous_phase     INTEGER,
  reason             INTEGER NOT NULL,
  actor              INTEGER NOT NULL,
  token_shown        INTEGER NOT NULL,
  pos_reference      TEXT    NOT NULL,
  details            TEXT    NOT NULL,
  predecessor_digest BLOB    NOT NULL,
  digest             BLOB    NOT NULL
) STRICT
