-- +goose Up

-- The time that users spent on calls out to numbers, within an hour of the clock.
CREATE TABLE trunk_time (
    owner TEXT   NOT NULL, -- user@domain
    hour  BIGINT NOT NULL, -- its beginning
    spent BIGINT NOT NULL, -- milliseconds
    PRIMARY KEY (owner, hour)
);
CREATE INDEX trunk_time_hour ON trunk_time (hour);

-- +goose Down
DROP TABLE trunk_time;
