-- +goose Up

-- What operators were told of what needs their attention, and what is muted.
CREATE TABLE alerts (
    kind  TEXT NOT NULL,
    about TEXT NOT NULL, -- its subject; *: the mute of a whole kind
    state TEXT NOT NULL, -- JSON of alert.Matter
    PRIMARY KEY (kind, about)
);

-- +goose Down
DROP TABLE alerts;
