-- +goose Up
-- What each node knows of the failures that count towards switching a hook off. Rows
-- change often; room in their pages lets that be done in place.
CREATE TABLE failures (
    account_id text COLLATE "C" NOT NULL,
    hook_id    text COLLATE "C" NOT NULL,
    revision   bigint           NOT NULL, -- of the hook's document, as a number
    node       text COLLATE "C" NOT NULL,
    times      bytea            NOT NULL, -- milliseconds since 1970, ascending: varints, each the difference to the one before
    expires    bigint           NOT NULL, -- milliseconds since 1970: from then on none of them counts
    PRIMARY KEY (account_id, hook_id, revision, node)
) WITH (fillfactor = 70);

-- +goose Down
DROP TABLE failures;
