-- +goose Up
CREATE TABLE documents (
    db         TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    type       TEXT    NOT NULL,
    account_id TEXT    NOT NULL,
    rev        TEXT    NOT NULL,
    deleted    INTEGER NOT NULL, -- 0 or 1
    created    INTEGER NOT NULL, -- Gregorian seconds
    modified   INTEGER NOT NULL, -- Gregorian seconds
    body       TEXT    NOT NULL, -- JSON, members in their order
    PRIMARY KEY (db, id)
) STRICT;
CREATE INDEX documents_listing ON documents (db, type, account_id, created, id);

-- The keys under which documents are found, derived by the program.
CREATE TABLE view_rows (
    view TEXT NOT NULL,
    key  TEXT NOT NULL,
    db   TEXT NOT NULL,
    id   TEXT NOT NULL,
    PRIMARY KEY (view, key, db, id),
    FOREIGN KEY (db, id) REFERENCES documents (db, id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX view_rows_document ON view_rows (db, id);

CREATE TABLE attempts (
    id         TEXT    NOT NULL PRIMARY KEY,
    account_id TEXT    NOT NULL,
    hook_id    TEXT    NOT NULL,
    created    INTEGER NOT NULL, -- Gregorian seconds
    at         INTEGER NOT NULL, -- microseconds since 1970
    success    INTEGER NOT NULL, -- 0 or 1
    body       TEXT    NOT NULL  -- JSON, members in their order
) STRICT;
CREATE INDEX attempts_account ON attempts (account_id, created, at, id);
CREATE INDEX attempts_hook ON attempts (hook_id, created, at, id);
CREATE INDEX attempts_age ON attempts (created);

CREATE TABLE secrets (
    name    TEXT    NOT NULL PRIMARY KEY,
    value   BLOB    NOT NULL,
    created INTEGER NOT NULL -- Gregorian seconds
) STRICT;

-- What the store knows about itself.
CREATE TABLE store_state (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
INSERT INTO store_state (name, value) VALUES ('views', '0');

-- +goose Down
DROP TABLE store_state;
DROP TABLE secrets;
DROP TABLE attempts;
DROP TABLE view_rows;
DROP TABLE documents;
