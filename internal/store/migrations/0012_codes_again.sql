-- +goose Up

-- A code is good for a day and sent again, and whoever guesses wrong takes no
-- try from anybody else.
ALTER TABLE callback_proofs ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE callback_proofs ADD COLUMN block TEXT NOT NULL DEFAULT '';
ALTER TABLE callback_proofs ADD COLUMN sent BIGINT NOT NULL DEFAULT 1; -- 0: it was asked for, and none went out

-- Wrong codes, by who gave them.
CREATE TABLE callback_tries (
    id     TEXT   NOT NULL PRIMARY KEY,
    number TEXT   NOT NULL,
    owner  TEXT   NOT NULL, -- of the network
    at     BIGINT NOT NULL
);
CREATE INDEX callback_tries_number ON callback_tries (number, at);
CREATE INDEX callback_tries_at ON callback_tries (at);

-- +goose Down
DROP TABLE callback_tries;
ALTER TABLE callback_proofs DROP COLUMN sent;
ALTER TABLE callback_proofs DROP COLUMN block;
ALTER TABLE callback_proofs DROP COLUMN site;
