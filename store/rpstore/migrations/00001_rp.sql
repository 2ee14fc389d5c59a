-- Times are milliseconds since the Unix epoch. Nothing here can be presented as
-- a credential: nonces, browsers and session ids are SHA-256 hashes.

-- +goose Up
CREATE TABLE users (
	id             TEXT PRIMARY KEY,
	issuer         TEXT NOT NULL,
	subject        TEXT NOT NULL, -- compared byte by byte
	name           TEXT NOT NULL,
	email          TEXT NOT NULL, -- not unique: an address is no identifier
	email_verified INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	last_sign_in   INTEGER NOT NULL,
	UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;

CREATE TABLE nonces (
	hash       BLOB PRIMARY KEY,
	browser    BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	used_at    INTEGER -- NULL: not used
) STRICT, WITHOUT ROWID;
CREATE INDEX nonces_expiry ON nonces (expires_at);

CREATE TABLE sessions (
	token      TEXT PRIMARY KEY,
	data       BLOB NOT NULL,
	expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE nonces;
DROP TABLE users;
