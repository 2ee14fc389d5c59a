-- Nonces and states are kept once they were used, and not before. Those that an
-- earlier version made are refused; people who were about to sign in begin again.

-- +goose Up
CREATE TABLE used_nonces (
	hash       BLOB PRIMARY KEY,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX used_nonces_expiry ON used_nonces (expires_at);

-- One row: what was made before it is refused, since this file may have forgotten, or
-- never have known, that it was used. It begins with the time when the file was made.
CREATE TABLE nonces_epoch (
	one       INTEGER PRIMARY KEY CHECK (one = 1),
	made_from INTEGER NOT NULL
) STRICT;
INSERT INTO nonces_epoch (one, made_from) VALUES (1, CAST(unixepoch('subsec') * 1000 AS INTEGER));

DROP TABLE nonces;

-- +goose Down
CREATE TABLE nonces (
	hash       BLOB PRIMARY KEY,
	browser    BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_expiry ON nonces (expires_at);
DROP TABLE nonces_epoch;
DROP TABLE used_nonces;
