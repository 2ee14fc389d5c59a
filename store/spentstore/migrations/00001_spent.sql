-- +goose Up

-- One row for each spent token. The nonce is random, so the primary key is the
-- table: WITHOUT ROWID keeps one tree instead of two.
CREATE TABLE spent (
    key_id INTEGER NOT NULL,
    nonce  BLOB    NOT NULL CHECK (length(nonce) = 64),
    at     INTEGER NOT NULL, -- Unix seconds
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;

-- Redemptions per origin and day, nothing finer.
CREATE TABLE redemptions (
    day    INTEGER NOT NULL, -- days since 1970-01-01, UTC
    origin TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, origin)
) STRICT, WITHOUT ROWID;

-- Solved challenges, until they expire.
CREATE TABLE used (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    expires INTEGER NOT NULL -- Unix seconds
) STRICT, WITHOUT ROWID;
CREATE INDEX used_expires ON used (expires);

-- Tokens given to an account on a day; granted is what the last request got.
CREATE TABLE budget (
    day     INTEGER NOT NULL,
    account TEXT    NOT NULL,
    used    INTEGER NOT NULL,
    granted INTEGER NOT NULL,
    PRIMARY KEY (day, account)
) STRICT, WITHOUT ROWID;

-- +goose Down
DROP TABLE budget;
DROP TABLE used;
DROP TABLE redemptions;
DROP TABLE spent;
