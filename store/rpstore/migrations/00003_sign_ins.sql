-- A user may have several identities: issuer and subject leave users. sign_ins are
-- kept until they ended or expired; their tokens are sealed by the relying party.

-- +goose Up
CREATE TABLE identities (
	issuer         TEXT NOT NULL,
	subject        TEXT NOT NULL, -- compared byte by byte
	user_id        TEXT NOT NULL, -- no reference: the row here decides who makes the user
	linked_at      INTEGER NOT NULL,
	name           TEXT NOT NULL,
	given_name     TEXT NOT NULL,
	family_name    TEXT NOT NULL,
	email          TEXT NOT NULL,
	email_verified INTEGER NOT NULL,
	hosted_domain  TEXT NOT NULL,
	picture        TEXT NOT NULL,
	locale         TEXT NOT NULL,
	PRIMARY KEY (issuer, subject)
) STRICT, WITHOUT ROWID;
INSERT INTO identities
	SELECT issuer, subject, id, created_at, name, '', '', email, email_verified, '', '', '' FROM users;
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE users_of_identities (
	id             TEXT PRIMARY KEY,
	name           TEXT NOT NULL,
	email          TEXT NOT NULL, -- not unique: an address is no identifier
	email_verified INTEGER NOT NULL,
	created_at     INTEGER NOT NULL,
	last_sign_in   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO users_of_identities
	SELECT id, name, email, email_verified, created_at, last_sign_in FROM users;
DROP TABLE users;
ALTER TABLE users_of_identities RENAME TO users;

CREATE TABLE sign_ins (
	id           TEXT PRIMARY KEY,
	user_id      TEXT NOT NULL,
	provider     TEXT NOT NULL,
	issuer       TEXT NOT NULL,
	subject      TEXT NOT NULL,
	session_id   TEXT NOT NULL, -- the provider's; '': it gave none
	created_at   INTEGER NOT NULL,
	expires_at   INTEGER NOT NULL,
	ended_at     INTEGER, -- NULL: not ended
	auth_time    INTEGER, -- NULL: the provider does not say
	automatic    INTEGER NOT NULL,
	tokens       BLOB NOT NULL,
	lease_holder TEXT NOT NULL DEFAULT '', -- '': nobody
	lease_until  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_subject ON sign_ins (issuer, subject, session_id);
CREATE INDEX sign_ins_session ON sign_ins (issuer, session_id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);
CREATE INDEX sign_ins_end ON sign_ins (ended_at) WHERE ended_at IS NOT NULL;

-- +goose Down
DROP TABLE sign_ins;
CREATE TABLE users_of_one (
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
-- Fails, and leaves all as it is, where a user has several identities.
INSERT INTO users_of_one
	SELECT u.id, i.issuer, i.subject, u.name, u.email, u.email_verified, u.created_at, u.last_sign_in
	FROM users u JOIN identities i ON i.user_id = u.id;
DROP TABLE users;
DROP TABLE identities;
ALTER TABLE users_of_one RENAME TO users;
