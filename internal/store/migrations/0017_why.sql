-- +goose Up

-- What says why an answer was given: the arguments of the step whose code is
-- its reason, as JSON. '': none are known.
ALTER TABLE answers ADD COLUMN args TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE answers DROP COLUMN args;
