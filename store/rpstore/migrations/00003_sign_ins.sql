-- A user may have several identities, each of one user. A sign-in is a row, so that it
-- can be ended from elsewhere. Its tokens are encrypted by the relying party; who reads
-- this file can present none of them. Sessions of an earlier version name no sign-in:
-- people sign in again.

-- +goose Up
CREATE TABLE identities (
	issuer     TEXT NOT NULL,
	subject    TEXT NOT NULL, -- compared byte by byte
	user_id    TEXT NOT NULL,
	created_at INTEGER NOT NULL,
	PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
CREATE INDEX identities_user ON identities (user_id, created_at);
INSERT INTO identities (issuer, subject, user_id, created_at)
	SELECT issuer, subject, id, created_at FROM users;

CREATE TABLE people (
	id             TEXT PRIMARY KEY,
	name           TEXT NOT NULL,
	email          TEXT NOT NULL, -- not unique: an address is no identifier
	email_verified INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	last_sign_in   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO people (id, name, email, email_verified, created_at, last_sign_in)
	SELECT id, name, email, email_verified, created_at, last_sign_in FROM users;
DROP TABLE users;
ALTER TABLE people RENAME TO users;

CREATE TABLE sign_ins (
	id          TEXT PRIMARY KEY,
	user_id     TEXT NOT NULL,
	provider    TEXT NOT NULL,
	issuer      TEXT NOT NULL,
	subject     TEXT NOT NULL,
	session_id  TEXT NOT NULL, -- sid, '' if the provider named none
	created_at  INTEGER NOT NULL,
	expires_at  INTEGER NOT NULL,
	ended_at    INTEGER NOT NULL, -- 0: it has not ended
	auth_time   INTEGER NOT NULL, -- 0: the provider did not say
	automatic   INTEGER NOT NULL,
	tokens      BLOB NOT NULL,
	holder      TEXT NOT NULL, -- of the lease on tokens, '' if there is none
	lease_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_subject ON sign_ins (issuer, subject);
CREATE INDEX sign_ins_session ON sign_ins (issuer, session_id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);

-- +goose Down
CREATE TABLE people (
	id             TEXT PRIMARY KEY,
	issuer         TEXT NOT NULL,
	subject        TEXT NOT NULL,
	name           TEXT NOT NULL,
	email          TEXT NOT NULL,
	email_verified INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	last_sign_in   INTEGER NOT NULL,
	UNIQUE (issuer, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO people (id, issuer, subject, name, email, email_verified, created_at, last_sign_in)
	SELECT u.id, i.issuer, i.subject, u.name, u.email, u.email_verified, u.created_at, u.last_sign_in
	FROM users u JOIN identities i ON i.user_id = u.id
	WHERE i.created_at = (SELECT min(created_at) FROM identities WHERE user_id = u.id);
DROP TABLE users;
ALTER TABLE people RENAME TO users;
DROP TABLE sign_ins;
DROP TABLE identities;
