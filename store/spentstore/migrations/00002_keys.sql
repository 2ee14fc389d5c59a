-- +goose Up

-- What is known of a token key for good. A forgotten key keeps its row, which is
-- its tombstone: nothing is spent under its id again.
CREATE TABLE token_keys (
    id        INTEGER NOT NULL PRIMARY KEY,
    public    BLOB CHECK (length(public) = 32), -- SHA-256 of the public key; NULL: not told yet
    expires   INTEGER,                          -- Unix seconds, the largest seen; NULL: not told yet
    forgotten INTEGER NOT NULL DEFAULT 0
) STRICT;

-- From here on spent tokens go into one table a key, spent_ID. A program that does
-- not know this must not spend one beside them.
-- +goose StatementBegin
CREATE TRIGGER spent_has_moved BEFORE INSERT ON spent BEGIN
    SELECT RAISE(ABORT, 'spent tokens are kept in another form now: use a newer program');
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER spent_has_moved;
DROP TABLE token_keys;
