-- +goose Up
-- The last writes of the documents that nodes keep in memory, for a node that has
-- missed a message. Numbers count up by one in the order of the commits.
CREATE TABLE write_count (
    last bigint NOT NULL
) WITH (fillfactor = 50);
INSERT INTO write_count (last) VALUES (0);
CREATE TABLE writes (
    seq        bigint           NOT NULL PRIMARY KEY,
    db         text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    type       text             NOT NULL,
    account_id text             NOT NULL
);

-- +goose Down
DROP TABLE writes;
DROP TABLE write_count;
