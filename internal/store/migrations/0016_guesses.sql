-- +goose Up

-- Wrong codes are counted by who gave them, over all numbers.
CREATE INDEX IF NOT EXISTS callback_tries_owner ON callback_tries (owner, at);

-- What is sent in all is counted each time that somebody asks.
CREATE INDEX IF NOT EXISTS callback_proofs_sent ON callback_proofs (at) WHERE sent = 1;

-- +goose Down
DROP INDEX callback_proofs_sent;
DROP INDEX callback_tries_owner;
