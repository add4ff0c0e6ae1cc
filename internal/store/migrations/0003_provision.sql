-- +goose Up

-- What was made on phone systems for each entry, and how it stands.
CREATE TABLE provisioned (
    entry   TEXT   NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL, -- counts the changes, from 1
    record  TEXT   NOT NULL  -- JSON
);

-- +goose Down
DROP TABLE provisioned;
