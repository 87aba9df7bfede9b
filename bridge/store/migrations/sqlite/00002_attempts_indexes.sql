-- +goose Up
-- The attempts of a hook are asked for below an account: ids of hooks alone are no
-- key, since those that callflows make up are seconds and may be equal.
DROP INDEX attempts_hook;
CREATE INDEX attempts_hook ON attempts (account_id, hook_id, created, at, id);
-- With the id, what is to be deleted is found without the attempts themselves.
DROP INDEX attempts_age;
CREATE INDEX attempts_age ON attempts (created, at, id);

-- +goose Down
DROP INDEX attempts_age;
CREATE INDEX attempts_age ON attempts (created);
DROP INDEX attempts_hook;
CREATE INDEX attempts_hook ON attempts (hook_id, created, at, id);
