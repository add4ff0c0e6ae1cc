-- +goose Up

-- Columns of numbers hold their keys: the digits that are the same for every way
-- to write one telephone. What was texted or called is kept where it is not its
-- own key, as with the 1 of Mexican and the 9 of Argentine mobiles.
ALTER TABLE texts ADD COLUMN dialled TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN dialled TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE callbacks DROP COLUMN dialled;
ALTER TABLE texts DROP COLUMN dialled;
