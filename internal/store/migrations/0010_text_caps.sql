-- +goose Up

-- How texts are counted by their caps. Those of before do not count: the indexes
-- begin empty, however many there are.
ALTER TABLE texts ADD COLUMN counted BIGINT NOT NULL DEFAULT 0; -- since when it counts; 0: it does not
ALTER TABLE texts ADD COLUMN source TEXT NOT NULL DEFAULT ''; -- the address that asked for it; '': nobody's
ALTER TABLE texts ADD COLUMN asked_openly BIGINT NOT NULL DEFAULT 0; -- 1: without the entry's key
ALTER TABLE texts ADD COLUMN fresh BIGINT NOT NULL DEFAULT 0; -- 1: the entry's first to its number, asked openly
CREATE INDEX texts_counted_entry ON texts (entry, counted, fresh) WHERE counted > 0;
CREATE INDEX texts_counted_domain ON texts (domain, counted) WHERE counted > 0;
CREATE INDEX texts_counted_source ON texts (source, asked_openly, counted) WHERE counted > 0 AND source <> '';

-- +goose Down
DROP INDEX texts_counted_source;
DROP INDEX texts_counted_domain;
DROP INDEX texts_counted_entry;
ALTER TABLE texts DROP COLUMN fresh;
ALTER TABLE texts DROP COLUMN asked_openly;
ALTER TABLE texts DROP COLUMN source;
ALTER TABLE texts DROP COLUMN counted;
