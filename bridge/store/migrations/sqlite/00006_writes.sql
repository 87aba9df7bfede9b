-- +goose Up
-- The last writes of the documents that nodes keep in memory, for a node that has
-- missed a message. Numbers count up by one in the order of the commits.
CREATE TABLE write_count (
    last INTEGER NOT NULL
) STRICT;
INSERT INTO write_count (last) VALUES (0);
CREATE TABLE writes (
    seq        INTEGER NOT NULL PRIMARY KEY,
    db         TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    account_id TEXT    NOT NULL
) STRICT;

-- +goose Down
DROP TABLE writes;
DROP TABLE write_count;
