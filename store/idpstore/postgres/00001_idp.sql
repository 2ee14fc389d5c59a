-- Times are milliseconds since the Unix epoch; 0: never. Nothing here can be presented
-- as a credential: hashes are SHA-256, an answer is sealed under a token that is not
-- kept, passwords are Argon2id. Identifiers are compared byte by byte.

-- +goose Up
CREATE TABLE accounts (
	id             TEXT PRIMARY KEY,
	email          TEXT NOT NULL,
	email_key      TEXT NOT NULL UNIQUE, -- the address in lower case
	email_verified BOOLEAN NOT NULL,
	name           TEXT NOT NULL,
	given_name     TEXT NOT NULL,
	family_name    TEXT NOT NULL,
	preferred_username TEXT NOT NULL,
	locale         TEXT NOT NULL,
	zoneinfo       TEXT NOT NULL,
	groups         TEXT NOT NULL, -- one a line
	password_hash  TEXT NOT NULL,
	created_at     BIGINT NOT NULL,
	updated_at     BIGINT NOT NULL
);

CREATE TABLE sign_ins (
	browser    TEXT NOT NULL,
	account    TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	id         TEXT NOT NULL,
	at         BIGINT NOT NULL,
	expires_at BIGINT NOT NULL,
	amr        TEXT NOT NULL, -- separated by one space
	PRIMARY KEY (browser, account)
);
CREATE INDEX sign_ins_account ON sign_ins (account, at);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

CREATE TABLE grants (
	account   TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	client    TEXT NOT NULL,
	fields    TEXT NOT NULL, -- separated by one space, as scopes
	scopes    TEXT NOT NULL,
	at        BIGINT NOT NULL,
	last_used BIGINT NOT NULL,
	PRIMARY KEY (account, client)
);

CREATE TABLE authorizations (
	id           TEXT PRIMARY KEY,
	account      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	client       TEXT NOT NULL,
	sign_in      TEXT NOT NULL, -- '': of none
	session_id   TEXT NOT NULL,
	scopes       TEXT NOT NULL, -- separated by one space
	claims       TEXT NOT NULL,
	resource     TEXT NOT NULL,
	auth_time    BIGINT NOT NULL,
	amr          TEXT NOT NULL, -- separated by one space
	refreshable  BOOLEAN NOT NULL,
	offline      BOOLEAN NOT NULL,
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	revoked_at   BIGINT NOT NULL,
	code_hash    BYTEA NOT NULL, -- empty: no code
	code_expires BIGINT NOT NULL,
	code_used    BIGINT NOT NULL,
	redirect_uri TEXT NOT NULL,
	challenge    TEXT NOT NULL,
	nonce        TEXT NOT NULL,
	family       BYTEA NOT NULL, -- of the refresh tokens; empty: there are none
	refresh      BYTEA NOT NULL,
	previous     BYTEA NOT NULL,
	refreshed_at BIGINT NOT NULL,
	answer       BYTEA NOT NULL
);
CREATE INDEX authorizations_account ON authorizations (account, client, created_at);
CREATE INDEX authorizations_sign_in ON authorizations (sign_in) WHERE sign_in <> '';
CREATE INDEX authorizations_expiry ON authorizations (expires_at);

CREATE TABLE codes (
	purpose    TEXT NOT NULL,
	hash       BYTEA NOT NULL,
	account    TEXT NOT NULL,
	data       BYTEA NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (purpose, hash)
);
CREATE INDEX codes_account ON codes (purpose, account);
CREATE INDEX codes_expiry ON codes (expires_at);

CREATE TABLE sessions (
	kind       TEXT NOT NULL,
	token      TEXT NOT NULL, -- the hash of what is in the cookie
	data       BYTEA NOT NULL,
	expires_at BIGINT NOT NULL,
	PRIMARY KEY (kind, token)
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE codes;
DROP TABLE authorizations;
DROP TABLE grants;
DROP TABLE sign_ins;
DROP TABLE accounts;
