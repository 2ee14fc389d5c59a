-- +goose Up

-- Every row of it stands in the table of its key: Migrate saw to that. A program of
-- before 00002 may have spent a token between the look at the file and that step;
-- then this one fails, and the file is Migrate's.
CREATE TABLE nothing_left (rows INTEGER NOT NULL CHECK (rows = 0)) STRICT;
INSERT INTO nothing_left (rows) SELECT count(*) FROM spent;
DROP TABLE nothing_left;
DROP TABLE spent;

-- +goose Down
CREATE TABLE spent (
    key_id INTEGER NOT NULL,
    nonce  BLOB    NOT NULL CHECK (length(nonce) = 64),
    at     INTEGER NOT NULL,
    PRIMARY KEY (key_id, nonce)
) STRICT, WITHOUT ROWID;
