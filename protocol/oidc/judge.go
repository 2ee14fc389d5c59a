package oidc

import (
	"crypto/subtle"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// seen is what the judgement needs to know of a token beside its values.
type seen struct {
	azp, exp, iat bool
	expNanos      int // the fraction of exp
	tenant        string
	claims        strictjson.Value
}

// judge applies OpenID Connect Core section 3.1.3.7 and the rules around it.
func (c *Config) judge(t *IDToken, seen *seen, now time.Time) *Error {
	if err := c.issuer(t, seen); err != nil {
		return err
	}
	if err := c.audience(t, seen); err != nil {
		return err
	}
	if err := c.subject(t.Subject); err != nil {
		return err
	}
	if err := c.times(t, seen, now); err != nil {
		return err
	}
	if c.HostedDomain != "" && (t.HostedDomain == "" || c.HostedDomain != "*" && t.HostedDomain != c.HostedDomain) {
		return differ(CodeHostedDomain, "the account is not of the required hosted domain (hd)", t.HostedDomain, c.HostedDomain)
	}
	for i := range c.Match {
		if err := c.Match[i].judge(seen.claims); err != nil {
			return err
		}
	}
	return c.nonce(t)
}

// issuer judges iss (step 2), and tid where Issuer stands for several tenants.
func (c *Config) issuer(t *IDToken, seen *seen) *Error {
	if len(c.Tenants) > 0 {
		return c.tenant(t, seen)
	}
	if t.Issuer != c.Issuer && !contains(c.IssuerAliases, t.Issuer) || t.Issuer == "" {
		return differ(CodeIssuer, "the token is not of the expected issuer (iss); IssuerAliases would admit another name of the same provider", t.Issuer, c.Issuer, c.IssuerAliases...)
	}
	return nil
}

// audience judges aud and azp (steps 3 to 5).
func (c *Config) audience(t *IDToken, seen *seen) *Error {
	ours, others := false, false
	for _, aud := range t.Audience {
		switch {
		case aud == c.ClientID:
			ours = true
		case !contains(c.TrustedAudiences, aud):
			if !contains(t.Audience, c.ClientID) {
				return differAudience("the token is for another client (aud)", t.Audience, c.ClientID)
			}
			return differ(CodeAudienceExtra, "the token is also for an audience that is not trusted (aud); TrustedAudiences would admit it", aud, c.ClientID, c.TrustedAudiences...)
		default:
			others = true
		}
	}
	if !ours {
		return differAudience("the token is not for this client (aud)", t.Audience, c.ClientID)
	}
	switch {
	case c.VerifyOnly: // no client asked for the token
	case seen.azp && t.AuthorizedParty == "":
		return refuse(CodeAzp, "the token names nobody whom it was given to: azp is empty")
	case seen.azp && t.AuthorizedParty != c.ClientID && !contains(c.AuthorizedParties, t.AuthorizedParty):
		return differ(CodeAzp, "the token was given to another client (azp); AuthorizedParties would admit it", t.AuthorizedParty, c.ClientID, c.AuthorizedParties...)
	case !seen.azp && others:
		return refuse(CodeAzp, "the token is for several audiences and does not say whom it was given to (azp)")
	}
	return nil
}

// subject: 1 to 255 ASCII characters (section 2); control characters are refused
// with the rest, since a subject ends up in logs and databases.
func (c *Config) subject(s string) *Error {
	switch {
	case s == "" && c.VerifyOnly:
		return nil
	case s == "":
		return refuse(CodeSubject, "sub is missing or empty; VerifyOnly would admit it, for tokens of machines")
	case len(s) > maxSubject:
		return refuse(CodeSubject, "sub is longer than 255 characters")
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
func (c *Config) times(t *IDToken, seen *seen, now time.Time) *Error {
	if !seen.exp {
		return refuse(CodeExpMissing, "the token does not say when it expires (exp)")
	}
	early, late := now, now.Unix()+skew
	if c.Skew != 0 {
		early, late = now.Add(-c.Skew), now.Add(c.Skew).Unix()
	}
	if unix := early.Unix(); unix > t.Expiry || unix == t.Expiry && early.Nanosecond() >= seen.expNanos {
		return c.clocks(CodeExpired, "the token has expired (exp): sign in again", t.Expiry, now)
	}
	switch {
	case !seen.iat:
		return refuse(CodeIatMissing, "the token does not say when it was issued (iat)")
	case t.IssuedAt > late:
		return c.clocks(CodeIssuedLater, "the token was issued in the future (iat): compare the clocks", t.IssuedAt, now)
	case t.NotBefore > late:
		return c.clocks(CodeNotYet, "the token is not valid yet (nbf): compare the clocks", t.NotBefore, now)
	}
	return nil
}

// clocks is a refusal for a time, which names Skew where a larger one would help.
func (c *Config) clocks(code, message string, at int64, now time.Time) *Error {
	unix := now.Unix()
	if apart := max(at-unix, unix-at); apart < int64(maxSkew/time.Second) {
		message += "; Skew would admit it, for clocks that differ"
	}
	return differTime(code, message, at, unix)
}

func (c *Config) nonce(t *IDToken) *Error {
	switch {
	case c.CheckNonce == nil && c.Nonce == "": // InsecureNoNonce or VerifyOnly
		return nil
	case t.Nonce == "" && c.InsecureNoNonce:
		return nil
	case t.Nonce == "":
		return refuse(CodeNonceMissing, "the token carries no nonce, so it may be of another sign-in; InsecureNoNonce would admit it")
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
