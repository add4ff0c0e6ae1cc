-- +goose Up

-- The wider networks of who asked for a call: IPv6 /56; IPv4 /16 and IPv6 /48.
-- '' where there is none, and in rows of before.
ALTER TABLE callbacks ADD COLUMN site TEXT NOT NULL DEFAULT '';
ALTER TABLE callbacks ADD COLUMN block TEXT NOT NULL DEFAULT '';
CREATE INDEX callbacks_site ON callbacks (site, created) WHERE site <> '';
CREATE INDEX callbacks_block ON callbacks (block, created) WHERE block <> '';

-- +goose Down
DROP INDEX callbacks_block;
DROP INDEX callbacks_site;
ALTER TABLE callbacks DROP COLUMN block;
ALTER TABLE callbacks DROP COLUMN site;
