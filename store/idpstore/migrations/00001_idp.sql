-- Times are milliseconds since the Unix epoch.

-- +goose Up
CREATE TABLE accounts (
	id             TEXT PRIMARY KEY,
	email          TEXT NOT NULL,
	email_key      TEXT NOT NULL UNIQUE, -- the address in lower case
	email_verified INTEGER NOT NULL,
	name           TEXT NOT NULL,
	given_name     TEXT NOT NULL,
	password_hash  TEXT NOT NULL,
	created_at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE sign_ins (
	browser    TEXT NOT NULL,
	account    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	at         INTEGER NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (browser, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

CREATE TABLE grants (
	account   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	client    TEXT NOT NULL,
	fields    TEXT NOT NULL, -- separated by one space
	at        INTEGER NOT NULL,
	last_used INTEGER NOT NULL,
	PRIMARY KEY (account, client)
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
	purpose    TEXT NOT NULL,
	hash       BLOB NOT NULL,
	account    TEXT NOT NULL,
	data       BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (purpose, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX codes_account ON codes (purpose, account);
CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE sessions (
	kind       TEXT NOT NULL,
	token      TEXT NOT NULL, -- the hash of what is in the cookie
	data       BLOB NOT NULL,
	expires_at INTEGER NOT NULL,
	PRIMARY KEY (kind, token)
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE codes;
DROP TABLE grants;
DROP TABLE sign_ins;
DROP TABLE accounts;
