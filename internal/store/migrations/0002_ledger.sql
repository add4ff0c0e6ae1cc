-- Text-back's ledger. Numbers are digits, times are Unix milliseconds and 0
-- where there is none.

-- +goose Up

-- What callers heard: the same call gets the same answer, and one text.
CREATE TABLE answers (
    caller  TEXT   NOT NULL,
    entry   TEXT   NOT NULL,
    call_id TEXT   NOT NULL,
    step    TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    reason  TEXT   NOT NULL,
    text    TEXT   NOT NULL, -- id of the text that came of it; '': none
    PRIMARY KEY (caller, entry, call_id, step)
);
CREATE INDEX answers_at ON answers (at);
CREATE INDEX answers_text ON answers (text) WHERE text <> '';

CREATE TABLE texts (
    id       TEXT   NOT NULL PRIMARY KEY,
    purpose  TEXT   NOT NULL,
    entry    TEXT   NOT NULL,
    call_id  TEXT   NOT NULL,
    domain   TEXT   NOT NULL,
    username TEXT   NOT NULL,
    session  TEXT   NOT NULL,
    sender   TEXT   NOT NULL,
    receiver TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    segments BIGINT NOT NULL,
    state    TEXT   NOT NULL,
    why      TEXT   NOT NULL,
    problem  TEXT   NOT NULL,
    doubtful BIGINT NOT NULL,
    ordered  BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    created  BIGINT NOT NULL,
    updated  BIGINT NOT NULL,
    due      BIGINT NOT NULL,
    deadline BIGINT NOT NULL,
    lease    BIGINT NOT NULL
);
CREATE INDEX texts_receiver ON texts (receiver, created);
CREATE INDEX texts_state ON texts (state, created); -- few are sending or queued

-- Who is not to be reached. It is kept until it is taken off.
CREATE TABLE suppressions (
    number  TEXT   NOT NULL,
    tenant  TEXT   NOT NULL, -- '*': all
    channel TEXT   NOT NULL, -- text, call or all
    at      BIGINT NOT NULL,
    how     TEXT   NOT NULL,
    words   TEXT   NOT NULL,
    PRIMARY KEY (number, tenant, channel)
);

-- Who asked for texts: the proof, kept until the number is erased.
CREATE TABLE consents (
    number  TEXT   NOT NULL,
    entry   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    call_id TEXT   NOT NULL,
    wording TEXT   NOT NULL,
    pressed TEXT   NOT NULL,
    PRIMARY KEY (number, entry, at, call_id)
);

-- Texts that people sent to us.
CREATE TABLE inbound (
    id       TEXT   NOT NULL PRIMARY KEY,
    domain   TEXT   NOT NULL,
    sender   TEXT   NOT NULL,
    receiver TEXT   NOT NULL,
    message  TEXT   NOT NULL,
    at       BIGINT NOT NULL
);
CREATE INDEX inbound_sender ON inbound (sender, at);
CREATE INDEX inbound_at ON inbound (at);

-- +goose Down
DROP TABLE inbound;
DROP TABLE consents;
DROP TABLE suppressions;
DROP TABLE texts;
DROP TABLE answers;
