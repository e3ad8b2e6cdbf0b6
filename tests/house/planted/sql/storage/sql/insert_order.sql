-- A good file: one statement; used by planted.cpp. A semicolon in a text is none: ';'
INSERT INTO orders (id, note) VALUES (?1, ';;');
