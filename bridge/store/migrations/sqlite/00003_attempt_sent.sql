-- +goose Up
-- What was sent, where the body does not hold it byte for byte; else NULL.
ALTER TABLE attempts ADD COLUMN sent BLOB;

-- +goose Down
ALTER TABLE attempts DROP COLUMN sent;
