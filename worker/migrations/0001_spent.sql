-- What an issuer at the edge remembers. The same tables stand in D1 and in every
-- Durable Object.

-- One row for each spent token. The nonce is random, so the primary key is the
-- table: WITHOUT ROWID keeps one tree instead of two.
CREATE TABLE IF NOT EXISTS spent (
    key_id  INTEGER NOT NULL,
    nonce   BLOB    NOT NULL CHECK (length(nonce) = 64),
    at      INTEGER NOT NULL, -- Unix seconds
    expires INTEGER NOT NULL, -- Unix seconds: when the key expires, and the row may go
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;

-- Solved challenges, until they expire.
CREATE TABLE IF NOT EXISTS used (
    id      BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 32),
    expires INTEGER NOT NULL -- Unix seconds
) STRICT, WITHOUT ROWID;

-- Redemptions per origin and day, nothing finer.
CREATE TABLE IF NOT EXISTS redemptions (
    day    INTEGER NOT NULL, -- days since 1970-01-01, UTC
    origin TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (day, origin)
) STRICT, WITHOUT ROWID;
