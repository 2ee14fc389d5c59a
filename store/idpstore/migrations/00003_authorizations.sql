-- Times are milliseconds since the Unix epoch; 0: never. Nothing here can be presented
-- as a credential: hashes are SHA-256, an answer is sealed under a token that is not
-- kept.

-- +goose Up
CREATE TABLE authorizations (
	id           TEXT PRIMARY KEY,
	account      TEXT NOT NULL REFERENCES accounts (id) ON DELETE CASCADE,
	client       TEXT NOT NULL,
	sign_in      TEXT NOT NULL, -- '': of none
	session_id   TEXT NOT NULL,
	scopes       TEXT NOT NULL, -- separated by one space
	claims       TEXT NOT NULL,
	resource     TEXT NOT NULL,
	auth_time    INTEGER NOT NULL,
	amr          TEXT NOT NULL, -- separated by one space
	refreshable  INTEGER NOT NULL,
	offline      INTEGER NOT NULL,
	created_at   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL,
	revoked_at   INTEGER NOT NULL,
	code_hash    BLOB NOT NULL, -- empty: no code
	code_expires INTEGER NOT NULL,
	code_used    INTEGER NOT NULL,
	redirect_uri TEXT NOT NULL,
	challenge    TEXT NOT NULL,
	nonce        TEXT NOT NULL,
	family       BLOB NOT NULL, -- of the refresh tokens; empty: there are none
	refresh      BLOB NOT NULL,
	previous     BLOB NOT NULL,
	refreshed_at INTEGER NOT NULL,
	answer       BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX authorizations_account ON authorizations (account, client, created_at);
CREATE INDEX authorizations_sign_in ON authorizations (sign_in) WHERE sign_in <> '';
CREATE INDEX authorizations_expiry ON authorizations (expires_at);

ALTER TABLE sign_ins ADD COLUMN id TEXT NOT NULL DEFAULT '';
ALTER TABLE sign_ins ADD COLUMN amr TEXT NOT NULL DEFAULT ''; -- separated by one space
UPDATE sign_ins SET id = lower(hex(randomblob(16)));

ALTER TABLE grants ADD COLUMN scopes TEXT NOT NULL DEFAULT ''; -- separated by one space
ALTER TABLE accounts ADD COLUMN family_name TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN preferred_username TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN locale TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN zoneinfo TEXT NOT NULL DEFAULT '';
ALTER TABLE accounts ADD COLUMN groups TEXT NOT NULL DEFAULT ''; -- one a line
ALTER TABLE accounts ADD COLUMN updated_at INTEGER NOT NULL DEFAULT 0;

-- +goose Down
DROP TABLE authorizations;
ALTER TABLE sign_ins DROP COLUMN amr;
ALTER TABLE sign_ins DROP COLUMN id;
ALTER TABLE accounts DROP COLUMN updated_at;
ALTER TABLE accounts DROP COLUMN groups;
ALTER TABLE accounts DROP COLUMN zoneinfo;
ALTER TABLE accounts DROP COLUMN locale;
ALTER TABLE accounts DROP COLUMN preferred_username;
ALTER TABLE accounts DROP COLUMN family_name;
ALTER TABLE grants DROP COLUMN scopes;
