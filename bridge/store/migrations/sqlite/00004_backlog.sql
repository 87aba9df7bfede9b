-- +goose Up
-- Deliveries that wait for their receiver.
CREATE TABLE parked (
    account_id       TEXT    NOT NULL, -- the hook's owner
    hook_id          TEXT    NOT NULL,
    id               TEXT    NOT NULL, -- in the order of arrival
    holder           TEXT    NOT NULL, -- the node that is at work on it, or empty
    event_id         TEXT    NOT NULL,
    at               INTEGER NOT NULL, -- microseconds since 1970
    content_type     TEXT    NOT NULL,
    content_encoding TEXT    NOT NULL,
    routing_key      TEXT    NOT NULL,
    body             BLOB    NOT NULL,
    PRIMARY KEY (account_id, hook_id, id)
) STRICT;
CREATE INDEX parked_held ON parked (holder) WHERE holder <> '';

-- The hooks that have some which are free.
CREATE TABLE backlogs (
    account_id TEXT    NOT NULL,
    hook_id    TEXT    NOT NULL,
    waiting    INTEGER NOT NULL,
    holder     TEXT    NOT NULL, -- the node that takes them out, or empty
    since      INTEGER NOT NULL, -- microseconds since 1970
    PRIMARY KEY (account_id, hook_id)
) STRICT, WITHOUT ROWID;

-- The nodes that are alive.
CREATE TABLE nodes (
    id   TEXT    NOT NULL PRIMARY KEY,
    seen INTEGER NOT NULL -- seconds since 1970, by the database's clock
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE nodes;
DROP TABLE backlogs;
DROP TABLE parked;
