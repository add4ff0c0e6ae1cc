-- +goose Up

-- What the sources of on-call people said last, for a restart while they are down.
CREATE TABLE oncall_answers (
    source   TEXT   NOT NULL PRIMARY KEY,
    at       BIGINT NOT NULL,
    snapshot TEXT   NOT NULL -- JSON
);

-- Whom callers were put through to, and what became of it.
CREATE TABLE oncall_decisions (
    id     TEXT   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    record TEXT   NOT NULL -- JSON
);
CREATE INDEX oncall_decisions_at ON oncall_decisions (at);

-- +goose Down
DROP TABLE oncall_decisions;
DROP TABLE oncall_answers;
