-- +goose Up
-- What each node knows of the failures that count towards switching a hook off. Most
-- reads want all of them in this order; an index by expiry would make writes dearer by half.
CREATE TABLE failures (
    account_id TEXT    NOT NULL,
    hook_id    TEXT    NOT NULL,
    revision   INTEGER NOT NULL, -- of the hook's document, as a number
    node       TEXT    NOT NULL,
    times      BLOB    NOT NULL, -- milliseconds since 1970, ascending: varints, each the difference to the one before
    expires    INTEGER NOT NULL, -- milliseconds since 1970: from then on none of them counts
    PRIMARY KEY (account_id, hook_id, revision, node)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE failures;
