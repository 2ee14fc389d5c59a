-- Of a spent token 16 bytes are kept, in a table of its key, spent_ID, which the
-- Worker makes: docs/design/0007. What stands in the table spent stays there until
-- its key is forgotten, and is looked at with every spend.

-- What is known of a token key for good. A forgotten key keeps its row, which is
-- its tombstone: nothing is spent under its id again.
CREATE TABLE IF NOT EXISTS token_keys (
    id        INTEGER NOT NULL PRIMARY KEY,
    public    BLOB CHECK (length(public) = 32), -- SHA-256 of the public key; NULL: not told here
    expires   INTEGER,                          -- Unix seconds, the largest seen; NULL: not told here
    forgotten INTEGER NOT NULL DEFAULT 0        -- 1: its rows are on their way out, 2: they are gone
) STRICT;

-- An earlier version of the Worker must not spend a token in the old table, where
-- its replay would be looked for too late: it answers 503 instead.
CREATE TRIGGER IF NOT EXISTS spent_has_moved BEFORE INSERT ON spent BEGIN
    SELECT RAISE(ABORT, 'spent tokens are kept in another form now: deploy a newer version of the Worker');
END;
