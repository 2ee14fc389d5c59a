//go:build !tinygo

package oidc

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// AssertionType is the client_assertion_type of a ClientAssertion (RFC 7523 section 2.2).
const AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// assertionAge is how long a client assertion is good for.
const assertionAge = time.Minute

// ClientAssertion makes the token by which a client authenticates itself with a key of
// its own, private_key_jwt (OpenID Connect Core section 9, RFC 7523 section 3). It is good
// for a minute and for one request: jti must be new each time. Errors are *jws.Error and
// *Error.
func ClientAssertion(s jws.Signer, clientID, audience, jti string, now time.Time) (string, error) {
	var w strictjson.Writer
	w.String("aud", audience)
	w.Int("exp", now.Add(assertionAge).Unix())
	w.Int("iat", now.Unix())
	w.String("iss", clientID)
	w.String("jti", jti)
	w.String("sub", clientID)
	claims, err := w.Bytes()
	if err != nil {
		return "", refuse(CodeRequest, "the client id or audience is not UTF-8")
	}
	return jws.Sign(s, "JWT", claims)
}
