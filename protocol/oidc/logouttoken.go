//go:build !tinygo

package oidc

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// LogoutEvent is the member of events that makes a token a logout token (OpenID Connect
// Back-Channel Logout 1.0 section 2.4).
const LogoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// LogoutToken is what a provider says when somebody signed out there. Subject,
// SessionID or both are set. Times are Unix seconds.
type LogoutToken struct {
	ID        string // jti: accept each once
	Issuer    string
	Subject   string // "" if it names a session alone
	SessionID string // sid, "" if it means all sessions of the subject
	IssuedAt  int64
	Expiry    int64 // where the token has no exp, when it is too old
}

// logoutTypes: the type was added to the specification late, and many providers say
// JWT or nothing. The event keeps other tokens out.
var logoutTypes = []string{"logout+jwt", "JWT"}

// logoutAge is how old a logout token without exp may be, in seconds (section 2.4 asks for
// two minutes at most where there is one).
const logoutAge = 120

// VerifyLogoutToken judges a logout token at the time now and checks its signature
// (section 2.6). Of c it needs Issuer, ClientID and Keys, and it reads what else is about
// issuers, audiences, algorithms, headers, clocks and sizes. Whether ID was used before is
// for the caller. Errors are *Error.
func VerifyLogoutToken(token string, c Config, now time.Time) (*LogoutToken, error) {
	c.InsecureNoNonce, c.Nonce, c.CheckNonce = true, "", nil // a logout token has none
	if err := c.check(); err != nil {
		return nil, err
	}
	u, err := jws.Judge(token, c.Keys, jws.Policy{
		Types: logoutTypes, AllowNoType: true, Algorithms: c.Algorithms, MaxSize: c.MaxSize, IgnoreKeyHints: c.IgnoreKeyHints})
	if err != nil {
		return nil, fromJWS(err)
	}
	t, refusal := c.readLogout(u.UnverifiedPayload(), now)
	if refusal != nil {
		return nil, refusal
	}
	if _, err := u.Verify(); err != nil {
		return nil, fromJWS(err)
	}
	return t, nil
}

func (c *Config) readLogout(payload string, now time.Time) (*LogoutToken, *Error) {
	var id IDToken
	var d strictjson.Document
	seen, err := id.read(payload, c.MaxSize, &d)
	if err != nil {
		return nil, err
	}
	v := seen.claims
	t := &LogoutToken{Issuer: id.Issuer, Subject: id.Subject, SessionID: id.SessionID, IssuedAt: id.IssuedAt, Expiry: id.Expiry}
	if err := c.issuer(&id, &seen); err != nil {
		return nil, err
	}
	if err := c.audience(&id, &seen); err != nil {
		return nil, err
	}
	event := v.Get("events").Get(LogoutEvent)
	var ok bool
	switch {
	case event.Kind() != strictjson.Object:
		return nil, refuse(CodeLogoutEvent, "the token is no logout token: its events hold no object "+LogoutEvent)
	case v.Get("nonce").Exists():
		return nil, refuse(CodeLogoutNonce, "the token has a nonce, which a logout token must not have: it may be an ID token")
	case t.Subject == "" && t.SessionID == "":
		return nil, refuse(CodeLogoutWho, "the logout token names neither a person (sub) nor a session (sid)")
	}
	if t.Subject != "" {
		if err := c.subject(t.Subject); err != nil {
			return nil, err
		}
	}
	if t.ID, ok = v.Get("jti").Text(); !ok || t.ID == "" {
		return nil, refuse(CodeLogoutID, "the logout token has no jti, so it could be used again and again")
	}
	if !seen.exp { // an earlier form of the specification has no exp
		id.Expiry, t.Expiry, seen.exp = id.IssuedAt+logoutAge, id.IssuedAt+logoutAge, true
		if !seen.iat {
			return nil, refuse(CodeIatMissing, "the logout token does not say when it was issued (iat)")
		}
	}
	if err := c.times(&id, &seen, now); err != nil {
		return nil, err
	}
	return t, nil
}
