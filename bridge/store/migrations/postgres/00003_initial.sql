-- The state that SQLite has at the same number. Text that is compared or sorted is
-- so by its bytes, whatever language the database was made for.

-- +goose Up
CREATE TABLE documents (
    db         text COLLATE "C" NOT NULL,
    id         text COLLATE "C" NOT NULL,
    type       text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    rev        text COLLATE "C" NOT NULL,
    deleted    smallint         NOT NULL, -- 0 or 1
    created    bigint           NOT NULL, -- Gregorian seconds
    modified   bigint           NOT NULL, -- Gregorian seconds
    body       text             NOT NULL, -- JSON, members in their order
    PRIMARY KEY (db, id)
);
CREATE INDEX documents_listing ON documents (db, type, account_id, created, id);

-- The keys under which documents are found, derived by the program.
CREATE TABLE view_rows (
    view text COLLATE "C" NOT NULL,
    key  text COLLATE "C" NOT NULL,
    db   text COLLATE "C" NOT NULL,
    id   text COLLATE "C" NOT NULL,
    PRIMARY KEY (view, key, db, id),
    FOREIGN KEY (db, id) REFERENCES documents (db, id) ON DELETE CASCADE
);
CREATE INDEX view_rows_document ON view_rows (db, id);

CREATE TABLE attempts (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    hook_id    text COLLATE "C" NOT NULL,
    created    bigint           NOT NULL, -- Gregorian seconds
    at         bigint           NOT NULL, -- microseconds since 1970
    success    smallint         NOT NULL, -- 0 or 1
    body       text             NOT NULL, -- JSON, members in their order
    sent       bytea                      -- what was sent, where the body does not hold it byte for byte
);
CREATE INDEX attempts_account ON attempts (account_id, created, at, id);
CREATE INDEX attempts_hook ON attempts (account_id, hook_id, created, at, id);
CREATE INDEX attempts_age ON attempts (created, at, id);

CREATE TABLE secrets (
    name    text COLLATE "C" NOT NULL PRIMARY KEY,
    value   bytea            NOT NULL,
    created bigint           NOT NULL -- Gregorian seconds
);

-- What the store knows about itself.
CREATE TABLE store_state (
    name  text COLLATE "C" NOT NULL PRIMARY KEY,
    value text COLLATE "C" NOT NULL
);
INSERT INTO store_state (name, value) VALUES ('views', '0');

-- +goose Down
DROP TABLE store_state;
DROP TABLE secrets;
DROP TABLE attempts;
DROP TABLE view_rows;
DROP TABLE documents;
