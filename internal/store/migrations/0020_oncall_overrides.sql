-- +goose Up

-- Who takes the place of those on call, for a while.
CREATE TABLE oncall_overrides (
    route  TEXT   NOT NULL PRIMARY KEY,
    person TEXT   NOT NULL, -- JSON
    source TEXT   NOT NULL, -- that knows the person; empty: none
    made   BIGINT NOT NULL,
    until  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE oncall_overrides;
