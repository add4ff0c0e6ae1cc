-- +goose Up

-- Calls of a number to an entry past those that are written down one by one.
CREATE TABLE counted_calls (
    caller TEXT   NOT NULL,
    entry  TEXT   NOT NULL,
    step   TEXT   NOT NULL,
    began  BIGINT NOT NULL, -- an hour begins in which no further call is a row
    at     BIGINT NOT NULL, -- the last of them
    calls  BIGINT NOT NULL, -- in all such hours
    reason TEXT   NOT NULL, -- what all of them hear
    PRIMARY KEY (caller, entry, step)
);
CREATE INDEX counted_calls_at ON counted_calls (at);

-- When an answer was given that led to no text; 0: it did, or it is one of
-- before: the index begins empty, however many there are.
ALTER TABLE answers ADD COLUMN textless BIGINT NOT NULL DEFAULT 0;
CREATE INDEX answers_textless ON answers (entry, textless) WHERE textless > 0;

-- +goose Down
DROP INDEX answers_textless;
ALTER TABLE answers DROP COLUMN textless;
DROP TABLE counted_calls;
