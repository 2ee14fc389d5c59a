//go:build !tinygo

package oidc

import "time"

// Verify judges an ID token at the time now and checks its signature. Cheap
// checks come first, the nonce's one use last. Errors are *Error, except those
// of Config.CheckNonce, which are returned as they are.
func Verify(token string, c Config, now time.Time) (*IDToken, error) {
	var u Unverified
	if err := u.judge(token, &c, now); err != nil {
		return nil, err
	}
	return u.Confirm(u.jws.Check())
}
