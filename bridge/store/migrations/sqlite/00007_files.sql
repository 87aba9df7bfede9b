-- +goose Up
-- The file of a document: a recording, the pages of a fax, a picture.
CREATE TABLE files (
    db           TEXT NOT NULL,
    id           TEXT NOT NULL,
    name         TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content      BLOB NOT NULL,
    PRIMARY KEY (db, id),
    FOREIGN KEY (db, id) REFERENCES documents (db, id) ON DELETE CASCADE
) STRICT;

-- Which nodes answer when websockets are asked for.
ALTER TABLE nodes ADD COLUMN sockets INTEGER NOT NULL DEFAULT 0; -- 0 or 1

-- +goose Down
ALTER TABLE nodes DROP COLUMN sockets;
DROP TABLE files;
