-- +goose Up

-- Calls that visitors of web pages asked for. Times are Unix milliseconds and 0
-- where there is none.
CREATE TABLE callbacks (
    id       TEXT   NOT NULL PRIMARY KEY,
    entry    TEXT   NOT NULL,
    tenant   TEXT   NOT NULL,
    queue    TEXT   NOT NULL,
    number   TEXT   NOT NULL, -- digits; '': erased
    network  TEXT   NOT NULL, -- of the visitor's address, /24 or /64
    origin   TEXT   NOT NULL,
    idem     TEXT   NOT NULL, -- idempotency key; '': none
    bare     BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    problem  TEXT   NOT NULL,
    attempts BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL,
    at       BIGINT NOT NULL, -- when it is due; 0: at once
    zone     BIGINT NOT NULL, -- seconds east of Greenwich, of at
    counted  BIGINT NOT NULL, -- since when it counts; 0: it does not
    lease    BIGINT NOT NULL
);
CREATE INDEX callbacks_number ON callbacks (number, counted);
CREATE INDEX callbacks_asked ON callbacks (number, created);
CREATE INDEX callbacks_network ON callbacks (network, created);
CREATE INDEX callbacks_entry ON callbacks (entry, counted);
CREATE INDEX callbacks_tenant ON callbacks (tenant, counted);
CREATE INDEX callbacks_state ON callbacks (state, at); -- few are scheduled or being placed
CREATE INDEX callbacks_created ON callbacks (created);

-- Tokens that were used, until they are too old anyway.
CREATE TABLE callback_tokens (
    token TEXT   NOT NULL PRIMARY KEY,
    ends  BIGINT NOT NULL
);
CREATE INDEX callback_tokens_ends ON callback_tokens (ends);

-- Codes that were sent to those who want no more calls, to prove whose number
-- it is.
CREATE TABLE callback_proofs (
    id      TEXT   NOT NULL PRIMARY KEY,
    number  TEXT   NOT NULL,
    network TEXT   NOT NULL,
    code    TEXT   NOT NULL, -- its hash
    at      BIGINT NOT NULL,
    ends    BIGINT NOT NULL,
    tries   BIGINT NOT NULL
);
CREATE INDEX callback_proofs_number ON callback_proofs (number, at);
CREATE INDEX callback_proofs_network ON callback_proofs (network, at);
CREATE INDEX callback_proofs_at ON callback_proofs (at);

-- +goose Down
DROP TABLE callback_proofs;
DROP TABLE callback_tokens;
DROP TABLE callbacks;
