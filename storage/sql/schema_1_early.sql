CREATE TABLE early (
  kind             INTEGER NOT NULL,
  partner          TEXT    NOT NULL,
  partner_order_id TEXT    NOT NULL,
  actor            INTEGER NOT NULL,
  text             TEXT    NOT NULL,
  at_steady_ms     INTEGER NOT NULL,
  at_wall_ms       INTEGER NOT NULL,
  at_boot          BLOB    NOT NULL,
  digest           BLOB    NOT NULL,
  PRIMARY KEY (kind, partner, partner_order_id)
) STRICT, WITHOUT ROWID
