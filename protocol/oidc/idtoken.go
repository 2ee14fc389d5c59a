package oidc

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Config says which ID tokens a relying party takes. Issuer, ClientID, Keys and
// one of Nonce, CheckNonce, InsecureNoNonce and VerifyOnly are required; everything
// else left out is strict.
type Config struct {
	// Issuer is the provider's issuer identifier, compared byte for byte.
	Issuer string
	// IssuerAliases are further values of iss that mean the same provider.
	// Google issues both forms of GoogleIssuers.
	IssuerAliases []string
	// ClientID is the audience that the token must be for.
	ClientID string
	// Keys are the provider's published keys.
	Keys *jws.KeySet

	// Nonce is the value that this browser's sign-in was begun with; the token
	// must carry it.
	Nonce string
	// CheckNonce, if set, is used instead of Nonce. It is called at most once,
	// with the token's nonce, never empty, as the last step: everything else,
	// the signature too, is good. So it may be what uses the nonce up. Its
	// error is returned unchanged.
	CheckNonce func(nonce string) error
	// InsecureNoNonce accepts tokens without a nonce, and whatever their nonce if neither
	// Nonce nor CheckNonce is set. A token stolen anywhere then signs its thief in.
	InsecureNoNonce bool

	// HostedDomain is the value that hd must have; "*" takes any that is not
	// empty. Empty: hd is not checked.
	HostedDomain string
	// TrustedAudiences are audiences that may stand in the token beside
	// ClientID.
	TrustedAudiences []string
	// AuthorizedParties are clients that a token may have been given to (azp) beside
	// ClientID, which must be in aud all the same: Google's tokens from an app for
	// Android or iOS name the app's client in azp and the server's in aud.
	AuthorizedParties []string
	// Match are claims that the token must have, all of them.
	Match []ClaimMatch
	// VerifyOnly takes the token of a machine or of a gateway, which answers no sign-in
	// here: it has no nonce, azp is not judged and sub may be empty or missing. Match
	// must then say whose tokens count.
	VerifyOnly bool

	// Tenants are the tenants whose people may sign in, at a provider that has many
	// (Microsoft's Entra ID). Issuer then holds "{tenantid}" once: iss must be Issuer
	// with one of Tenants in its place, and the claim tid the same tenant. It does not
	// mix with IssuerAliases.
	Tenants []string

	// Skew is how far the provider's clock may differ: exp, iat and nbf are judged with
	// it. 0 gives exp none and iat and nbf 60 seconds; more than 5 minutes is refused.
	Skew time.Duration
	// IgnoreKeyHints reads past the header's jku, x5u and x5c (jws.Policy).
	IgnoreKeyHints bool
	// Algorithms are the accepted signature algorithms; empty means all of
	// package jws.
	Algorithms []jws.Algorithm
	// MaxSize bounds the token in bytes; 0 means 16 KiB.
	MaxSize int
}

// GoogleIssuers are the two forms of iss that Google's ID tokens have: the first
// for Config.Issuer, the second for Config.IssuerAliases.
var GoogleIssuers = [2]string{"https://accounts.google.com", "accounts.google.com"}

// skew is how far iat and nbf may lie ahead of now, in seconds, where Config has no Skew.
// exp then gets none.
const skew = 60

const maxSubject = 255

// IDToken is what an ID token said. Times are Unix seconds; exp and iat with a
// fraction are cut. The profile claims are empty if they are missing or of
// another type: they describe, they decide nothing.
type IDToken struct {
	Issuer          string
	Subject         string   // the user, together with Issuer; empty only with VerifyOnly
	Audience        []string // at least one
	AuthorizedParty string   // azp
	Nonce           string
	IssuedAt        int64
	Expiry          int64
	NotBefore       int64 // 0 if the token has no nbf
	AuthTime        int64 // 0 if the token has no auth_time

	Email         string
	EmailVerified bool // true or the string "true"
	Name          string
	GivenName     string
	FamilyName    string
	Picture       string
	Locale        string
	HostedDomain  string // hd

	AccessTokenHash string // at_hash
	SessionID       string // sid

	Algorithm jws.Algorithm // what the token was signed with
	KeyID     string        // of the key that signed it

	// Remarks says what of the token was left out: a claim that describes a person and
	// holds half of a character.
	Remarks []string

	claims string
	single [1]string // room for an Audience of one
}

// Claim returns a claim as the JSON that the token has, or "" if it is missing.
func (t *IDToken) Claim(name string) string { return t.Value(name).Raw() }

// Claims returns all claims as the token has them, but for those of Remarks: one JSON
// object.
func (t *IDToken) Claims() string { return t.claims }

// Value returns a claim for strict reading; the zero Value if it is missing. It
// reads the claims again: an IDToken keeps the common ones and the text of the
// rest.
func (t *IDToken) Value(name string) strictjson.Value {
	v, _ := strictjson.ParseString(t.claims, strictjson.Limits{MaxSize: len(t.claims)})
	return v.Get(name)
}

// Unverified is an ID token whose form and claims are good and whose signature
// was not checked yet.
type Unverified struct {
	jws        jws.Unverified
	token      *IDToken
	checkNonce func(string) error
}

// Judge does everything with a token that needs no cryptography and does not use
// up a nonce. For platforms that check signatures themselves; others call
// Verify. Errors are *Error.
func Judge(token string, c Config, now time.Time) (*Unverified, error) {
	u := &Unverified{}
	if err := u.judge(token, &c, now); err != nil {
		return nil, err
	}
	return u, nil
}

// JWS returns what a signature check needs.
func (u *Unverified) JWS() *jws.Unverified { return &u.jws }

// Confirm ends the judgement with the outcome of the signature check.
func (u *Unverified) Confirm(valid bool) (*IDToken, error) {
	if !valid {
		_, err := u.jws.Confirm(false)
		return nil, fromJWS(err)
	}
	if u.checkNonce != nil && u.token.Nonce != "" { // empty: InsecureNoNonce
		if err := u.checkNonce(u.token.Nonce); err != nil {
			return nil, err
		}
	}
	return u.token, nil
}

func (u *Unverified) judge(token string, c *Config, now time.Time) error {
	if err := c.check(); err != nil {
		return err
	}
	u.checkNonce = c.CheckNonce
	var d strictjson.Document // on the stack: what is kept of it are parts of the token's text
	err := u.jws.JudgeInto(token, c.Keys, jws.Policy{
		Types: idTokenTypes, AllowNoType: true, Algorithms: c.Algorithms, MaxSize: c.MaxSize, IgnoreKeyHints: c.IgnoreKeyHints}, &d)
	if err != nil {
		return fromJWS(err)
	}
	header := u.jws.Header()
	t := &IDToken{Algorithm: header.Algorithm, KeyID: header.KeyID}
	seen, refusal := t.read(u.jws.UnverifiedPayload(), c.MaxSize, &d)
	if refusal == nil {
		refusal = c.judge(t, &seen, now)
	}
	if refusal != nil {
		return refusal
	}
	u.token = t
	return nil
}

// idTokenTypes: an access token ("at+jwt") or a logout token ("logout+jwt") is
// no ID token.
var idTokenTypes = []string{"JWT"}
