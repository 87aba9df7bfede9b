-- +goose Up
-- The attempts of a hook are asked for below an account. Ids of hooks alone are no
-- key: those that callflows make up are seconds, and may be equal.
DROP INDEX attempts_hook;
CREATE INDEX attempts_hook ON attempts (account_id, hook_id, created, at, id);

-- +goose Down
DROP INDEX attempts_hook;
CREATE INDEX attempts_hook ON attempts (hook_id, created, at, id);
