-- +goose Up
-- The file of a document: a recording, the pages of a fax, a picture.
CREATE TABLE files (
    db           text COLLATE "C" NOT NULL,
    id           text COLLATE "C" NOT NULL,
    name         text             NOT NULL,
    content_type text             NOT NULL,
    content      bytea            NOT NULL,
    PRIMARY KEY (db, id),
    FOREIGN KEY (db, id) REFERENCES documents (db, id) ON DELETE CASCADE
);

-- Which nodes answer when websockets are asked for.
ALTER TABLE nodes ADD COLUMN sockets smallint NOT NULL DEFAULT 0; -- 0 or 1

-- +goose Down
ALTER TABLE nodes DROP COLUMN sockets;
DROP TABLE files;
