-- Times are milliseconds since the Unix epoch. Nothing here can be presented as a
-- credential: nonces and session ids are SHA-256 hashes, tokens are sealed by the
-- relying party. Identifiers are compared byte by byte.

-- +goose Up
CREATE TABLE users (
	id             TEXT PRIMARY KEY,
	name           TEXT NOT NULL,
	email          TEXT NOT NULL, -- not unique: an address is no identifier
	email_verified BOOLEAN NOT NULL,
	created_at     BIGINT NOT NULL,
	last_sign_in   BIGINT NOT NULL
);

CREATE TABLE identities (
	issuer         TEXT NOT NULL,
	subject        TEXT NOT NULL,
	user_id        TEXT NOT NULL, -- no reference: the row here decides who makes the user
	linked_at      BIGINT NOT NULL,
	name           TEXT NOT NULL,
	given_name     TEXT NOT NULL,
	family_name    TEXT NOT NULL,
	email          TEXT NOT NULL,
	email_verified BOOLEAN NOT NULL,
	hosted_domain  TEXT NOT NULL,
	picture        TEXT NOT NULL,
	locale         TEXT NOT NULL,
	PRIMARY KEY (issuer, subject)
);
CREATE INDEX identities_user ON identities (user_id);

CREATE TABLE sign_ins (
	id           TEXT PRIMARY KEY,
	user_id      TEXT NOT NULL,
	provider     TEXT NOT NULL,
	issuer       TEXT NOT NULL,
	subject      TEXT NOT NULL,
	session_id   TEXT NOT NULL, -- the provider's; '': it gave none
	created_at   BIGINT NOT NULL,
	expires_at   BIGINT NOT NULL,
	ended_at     BIGINT, -- NULL: not ended
	auth_time    BIGINT, -- NULL: the provider does not say
	automatic    BOOLEAN NOT NULL,
	tokens       BYTEA NOT NULL,
	lease_holder TEXT NOT NULL DEFAULT '', -- '': nobody
	lease_until  BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX sign_ins_user ON sign_ins (user_id);
CREATE INDEX sign_ins_subject ON sign_ins (issuer, subject, session_id);
CREATE INDEX sign_ins_session ON sign_ins (issuer, session_id);
CREATE INDEX sign_ins_expiry ON sign_ins (expires_at);
CREATE INDEX sign_ins_end ON sign_ins (ended_at) WHERE ended_at IS NOT NULL;

CREATE TABLE used_nonces (
	hash       BYTEA PRIMARY KEY,
	expires_at BIGINT NOT NULL
);
CREATE INDEX used_nonces_expiry ON used_nonces (expires_at);

-- One row: what was made before it is refused, since this database may have forgotten,
-- or never have known, that it was used. It begins with the time of this migration.
CREATE TABLE nonces_epoch (
	one       INTEGER PRIMARY KEY CHECK (one = 1),
	made_from BIGINT NOT NULL
);
INSERT INTO nonces_epoch (one, made_from)
	VALUES (1, CAST(floor(extract(epoch FROM clock_timestamp()) * 1000) AS BIGINT));

CREATE TABLE sessions (
	token      TEXT PRIMARY KEY,
	data       BYTEA NOT NULL,
	expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_expiry ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE nonces_epoch;
DROP TABLE used_nonces;
DROP TABLE sign_ins;
DROP TABLE identities;
DROP TABLE users;
