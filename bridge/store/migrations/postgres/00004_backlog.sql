-- +goose Up
-- Deliveries that wait for their receiver.
CREATE TABLE parked (
    account_id       text COLLATE "C" NOT NULL, -- the hook's owner
    hook_id          text COLLATE "C" NOT NULL,
    id               text COLLATE "C" NOT NULL, -- in the order of arrival
    holder           text COLLATE "C" NOT NULL, -- the node that is at work on it, or empty
    event_id         text             NOT NULL,
    at               bigint           NOT NULL, -- microseconds since 1970
    content_type     text             NOT NULL,
    content_encoding text             NOT NULL,
    routing_key      text             NOT NULL,
    body             bytea            NOT NULL,
    PRIMARY KEY (account_id, hook_id, id)
);
CREATE INDEX parked_held ON parked (holder) WHERE holder <> '';

-- The hooks that have some. Rows change often; room in their pages lets that be done in place.
CREATE TABLE backlogs (
    account_id text COLLATE "C" NOT NULL,
    hook_id    text COLLATE "C" NOT NULL,
    waiting    bigint           NOT NULL,
    holder     text COLLATE "C" NOT NULL, -- the node that delivers them, or empty
    since      bigint           NOT NULL, -- microseconds since 1970
    PRIMARY KEY (account_id, hook_id)
) WITH (fillfactor = 50);

-- The nodes that are alive.
CREATE TABLE nodes (
    id   text COLLATE "C" NOT NULL PRIMARY KEY,
    seen bigint           NOT NULL -- seconds since 1970, by the database's clock
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE nodes;
DROP TABLE backlogs;
DROP TABLE parked;
