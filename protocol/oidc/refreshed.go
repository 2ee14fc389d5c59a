//go:build !tinygo

package oidc

import "time"

// VerifyRefreshed judges an ID token that came for a refresh token (OpenID Connect Core
// section 12.2): like any other, but without a nonce, which belongs to a sign-in, and it
// must be about the person whose sign-in it is. Errors are *Error.
func VerifyRefreshed(token string, c Config, issuer, subject string, now time.Time) (*IDToken, error) {
	c.InsecureNoNonce, c.Nonce, c.CheckNonce = true, "", nil
	t, err := Verify(token, c, now)
	if err != nil {
		return nil, err
	}
	if t.Subject != subject || len(c.Tenants) > 0 && t.Issuer != issuer {
		return nil, refuse(CodeRefreshedSubject, "the new ID token is about another person than the one who signed in (sub)")
	}
	return t, nil
}
