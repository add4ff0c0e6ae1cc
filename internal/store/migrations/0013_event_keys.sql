-- +goose Up

-- Since when the phone system posts the texts of a domain with the domain's own
-- key: the one that all domains had counts no more.
CREATE TABLE event_keys (
    domain TEXT   NOT NULL PRIMARY KEY, -- in small letters
    since  BIGINT NOT NULL
);

-- +goose Down
DROP TABLE event_keys;
