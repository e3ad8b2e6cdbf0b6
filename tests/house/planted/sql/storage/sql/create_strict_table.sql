-- A good file: STRICT beside another option.
CREATE TABLE IF NOT EXISTS events (sequence INTEGER PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID, STRICT;
