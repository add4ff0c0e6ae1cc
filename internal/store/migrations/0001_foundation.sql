-- The same SQL for SQLite and PostgreSQL: columns are TEXT or BIGINT, times are
-- milliseconds since 1970 UTC, booleans 0 or 1, JSON is text.

-- +goose Up

-- How often something has changed: whoever keeps it in memory looks here. An
-- entry's revision is kept as kind 'entry' without a domain.
CREATE TABLE revisions (
    kind     TEXT   NOT NULL,
    domain   TEXT   NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (kind, domain)
);

-- The objects of the phone side.
CREATE TABLE objects (
    kind    TEXT   NOT NULL,
    domain  TEXT   NOT NULL,
    owner   TEXT   NOT NULL,
    id      TEXT   NOT NULL,
    age     BIGINT NOT NULL, -- the higher, the younger
    version BIGINT NOT NULL, -- counts the changes, from 1
    fields  TEXT   NOT NULL, -- JSON
    PRIMARY KEY (kind, domain, owner, id)
);
CREATE UNIQUE INDEX objects_numbers ON objects (kind, id) WHERE kind IN ('phone_number', 'sms_number');
CREATE INDEX objects_by_age ON objects (age);
CREATE INDEX objects_of_kind ON objects (kind, age);
CREATE INDEX objects_of_domain ON objects (kind, domain, age);
CREATE INDEX objects_of_owner ON objects (kind, domain, owner, age);
CREATE INDEX objects_of_id ON objects (kind, id, age);

-- What operators configure for their customers.
CREATE TABLE entries (
    id       TEXT   NOT NULL PRIMARY KEY,
    place    BIGINT NOT NULL, -- the order in which they came
    revision BIGINT NOT NULL, -- that of all entries when this one was changed
    item     TEXT   NOT NULL  -- JSON, as it came
);
CREATE INDEX entries_by_place ON entries (place);
CREATE INDEX entries_by_revision ON entries (revision);

-- Who has done how much lately: see Allow.
CREATE TABLE limits (
    id     TEXT   NOT NULL PRIMARY KEY,
    tat    BIGINT NOT NULL, -- theoretical arrival time, in nanoseconds since 1970
    before BIGINT NOT NULL  -- what it was before it was last asked
);
CREATE INDEX limits_by_tat ON limits (tat);

-- What operators, forms and callers did.
CREATE TABLE events (
    id     TEXT   NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    actor  TEXT   NOT NULL,
    action TEXT   NOT NULL,
    about  TEXT   NOT NULL,
    detail TEXT   NOT NULL
);
CREATE INDEX events_by_time ON events (at, id);

-- Calls that were placed.
CREATE TABLE calls (
    id          TEXT   NOT NULL PRIMARY KEY,
    at          BIGINT NOT NULL,
    from_number TEXT   NOT NULL,
    to_number   TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    failed      BIGINT NOT NULL,
    trace       TEXT   NOT NULL -- JSON Lines
);
CREATE INDEX calls_by_time ON calls (at, id);
CREATE INDEX calls_by_from ON calls (from_number, at);
CREATE INDEX calls_by_to ON calls (to_number, at);

-- +goose Down
DROP TABLE calls;
DROP TABLE events;
DROP TABLE limits;
DROP TABLE entries;
DROP TABLE objects;
DROP TABLE revisions;
