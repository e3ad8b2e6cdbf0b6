-- Planted: a table that takes any type. STRICT in a comment does not help.
CREATE TABLE orders (id TEXT PRIMARY KEY, note TEXT DEFAULT 'STRICT') WITHOUT ROWID;
