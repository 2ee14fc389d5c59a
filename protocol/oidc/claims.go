package oidc

import (
	"crypto/subtle"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// read takes the claims out of a payload, each with its type. Claims that decide
// something must have it; claims that describe are left empty if they do not.
func (t *IDToken) read(payload string, maxSize int, d *strictjson.Document) (seen seen, _ *Error) {
	v, err := d.Parse(payload, strictjson.Limits{MaxSize: maxSize})
	if err != nil {
		return seen, refuse(CodeClaims, "the claims are not strict JSON: "+err.Error())
	}
	if v.Kind() != strictjson.Object {
		return seen, refuse(CodeClaims, "the claims are not a JSON object")
	}
	t.claims = v.Raw()
	for w := v.Walk(); w.Next(); {
		name, c, ok := w.Name(), w.Value(), true
		switch name {
		case "iss":
			t.Issuer, ok = c.Text()
		case "sub":
			if t.Subject, ok = c.Text(); !ok {
				return seen, refuse(CodeSubject, "sub is not a string")
			}
		case "aud":
			if one, isText := c.Text(); isText {
				t.single[0] = one
				t.Audience = t.single[:]
			} else {
				t.Audience, ok = c.Strings()
			}
		case "azp":
			if isNull(c) {
				continue
			}
			t.AuthorizedParty, ok = c.Text()
			seen.azp = true
		case "nonce":
			t.Nonce, ok = c.Text()
		case "at_hash":
			if isNull(c) {
				continue
			}
			t.AccessTokenHash, ok = c.Text()
		case "exp":
			t.Expiry, seen.expNanos, ok = c.NumericDate()
			seen.exp = true
		case "iat":
			t.IssuedAt, _, ok = c.NumericDate()
			seen.iat = true
		case "nbf":
			t.NotBefore, _, ok = c.NumericDate()
		case "auth_time":
			if isNull(c) {
				continue
			}
			t.AuthTime, _, ok = c.NumericDate()
		case "sid":
			t.SessionID, ok = c.Text()
		case "hd":
			t.HostedDomain, _ = c.Text() // empty matches no required domain
		case "email":
			t.Email, _ = c.Text()
		case "email_verified":
			t.EmailVerified = c.Raw() == "true" || c.Raw() == `"true"`
		case "name":
			t.Name, _ = c.Text()
		case "given_name":
			t.GivenName, _ = c.Text()
		case "family_name":
			t.FamilyName, _ = c.Text()
		case "picture":
			t.Picture, _ = c.Text()
		case "locale":
			t.Locale, _ = c.Text()
		}
		if !ok {
			return seen, refuse(CodeClaimType, name+" is not of the type that it must have")
		}
	}
	return seen, nil
}

// isNull reports whether a claim is written as null by a provider that has no value for
// it. Only claims that a token may lack are then as if they were absent.
func isNull(c strictjson.Value) bool { return c.Kind() == strictjson.Null }

// seen is what the judgement needs to know of a token beside its values.
type seen struct {
	azp, exp, iat bool
	expNanos      int // the fraction of exp
}

// judge applies OpenID Connect Core section 3.1.3.7 and the rules around it.
func (c *Config) judge(t *IDToken, seen seen, now time.Time) *Error {
	if t.Issuer != c.Issuer && !contains(c.IssuerAliases, t.Issuer) || t.Issuer == "" {
		return refuse(CodeIssuer, "the token is not of the expected issuer (iss)")
	}
	if err := c.audience(t, seen); err != nil {
		return err
	}
	if err := subject(t.Subject); err != nil {
		return err
	}
	if err := c.times(t, seen, now); err != nil {
		return err
	}
	if c.HostedDomain != "" && (t.HostedDomain == "" || c.HostedDomain != "*" && t.HostedDomain != c.HostedDomain) {
		return refuse(CodeHostedDomain, "the account is not of the required hosted domain (hd)")
	}
	return c.nonce(t)
}

// audience judges aud and azp (steps 3 to 5).
func (c *Config) audience(t *IDToken, seen seen) *Error {
	ours, others := false, false
	for i, aud := range t.Audience {
		switch {
		case aud == c.ClientID:
			ours = true
		case !contains(c.TrustedAudiences, aud):
			if i == 0 && len(t.Audience) == 1 {
				return refuse(CodeAudience, "the token is for another client (aud)")
			}
			if !contains(t.Audience, c.ClientID) {
				return refuse(CodeAudience, "the token is for other clients (aud)")
			}
			return refuse(CodeAudienceExtra, "the token is also for an audience that is not trusted (aud)")
		default:
			others = true
		}
	}
	if !ours {
		return refuse(CodeAudience, "the token is not for this client (aud)")
	}
	switch {
	case seen.azp && t.AuthorizedParty != c.ClientID:
		return refuse(CodeAzp, "the token was given to another client (azp)")
	case !seen.azp && others:
		return refuse(CodeAzp, "the token is for several audiences and does not say whom it was given to (azp)")
	}
	return nil
}

// subject: 1 to 255 ASCII characters (section 2); control characters are refused
// with the rest, since a subject ends up in logs and databases.
func subject(s string) *Error {
	if s == "" || len(s) > maxSubject {
		return refuse(CodeSubject, "sub is missing, empty or longer than 255 characters")
	}
	for i := 0; i < len(s); i++ {
		if s[i] < 0x20 || s[i] > 0x7e {
			return refuse(CodeSubject, "sub holds a character outside printable ASCII")
		}
	}
	return nil
}

// times judges exp, iat and nbf (steps 9 and 10). A token is good before exp and
// no longer good at exp, to the fraction of a second that exp may have.
func (c *Config) times(t *IDToken, seen seen, now time.Time) *Error {
	if !seen.exp {
		return refuse(CodeExpMissing, "the token does not say when it expires (exp)")
	}
	unix := now.Unix()
	if unix > t.Expiry || unix == t.Expiry && now.Nanosecond() >= seen.expNanos {
		return refuse(CodeExpired, "the token has expired (exp): sign in again")
	}
	switch {
	case !seen.iat:
		return refuse(CodeIatMissing, "the token does not say when it was issued (iat)")
	case t.IssuedAt > unix+skew:
		return refuse(CodeIssuedLater, "the token was issued in the future (iat): compare the clocks")
	case t.NotBefore > unix+skew:
		return refuse(CodeNotYet, "the token is not valid yet (nbf): compare the clocks")
	}
	return nil
}

func (c *Config) nonce(t *IDToken) *Error {
	switch {
	case c.CheckNonce == nil && c.Nonce == "": // InsecureNoNonce
		return nil
	case t.Nonce == "":
		return refuse(CodeNonceMissing, "the token carries no nonce, so it may be of another sign-in")
	case c.CheckNonce != nil:
		return nil // its turn comes after the signature
	case !equal(t.Nonce, c.Nonce):
		return refuse(CodeNonce, "the token is of another sign-in (nonce)")
	}
	return nil
}

// equal compares secrets: how long it takes tells nothing but their lengths.
func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func contains(list []string, s string) bool {
	for _, e := range list {
		if e == s {
			return true
		}
	}
	return false
}
