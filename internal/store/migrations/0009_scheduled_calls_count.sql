-- +goose Up

-- Calls that wait for their time count from when they are asked for, as calls at
-- that time.
UPDATE callbacks SET counted = at WHERE state = 'scheduled';

-- +goose Down
UPDATE callbacks SET counted = 0 WHERE state = 'scheduled';
