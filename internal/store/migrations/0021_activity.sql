-- +goose Up

-- What happened, and why: see the package activity. Rows are only added.
CREATE TABLE activity (
    at       BIGINT NOT NULL,
    id       TEXT   NOT NULL, -- begins with the time
    what     TEXT   NOT NULL, -- kind/outcome
    story    TEXT   NOT NULL,
    about    TEXT   NOT NULL,
    entry    TEXT   NOT NULL,
    tenant   TEXT   NOT NULL, -- in small letters
    number   TEXT   NOT NULL, -- digits; '': none
    reversed TEXT   NOT NULL, -- the same from the last digit on, for searches by the last digits
    steps    TEXT   NOT NULL, -- JSON; '': none
    turn     BIGINT NOT NULL, -- grows with each transaction: those who follow the record go by it
    PRIMARY KEY (at, id)
);
CREATE INDEX activity_entry ON activity (entry, what, at, id, number);
CREATE INDEX activity_tenant ON activity (tenant, what, at, id, number);
CREATE INDEX activity_what ON activity (what, at, id, number);
CREATE INDEX activity_number ON activity (number, at, id);
CREATE INDEX activity_reversed ON activity (reversed, at, id);
CREATE INDEX activity_story ON activity (story, at, id);
CREATE INDEX activity_turn ON activity (turn);

-- +goose Down
DROP TABLE activity;
