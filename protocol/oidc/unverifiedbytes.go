package oidc

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Bytes returns the judgement as bytes, for callers that keep nothing while the
// platform checks the signature; ParseUnverified takes it up again. They hold the
// claims, nonce included. Config.CheckNonce is not in them: a caller that uses it
// calls it with the nonce of the confirmed token.
//
// They are algorithm "." key id in base64url "." claims.
func (u *Unverified) Bytes() []byte {
	h := u.jws.Header()
	return []byte(string(h.Algorithm) + "." + jws.EncodeBase64URL([]byte(h.KeyID)) + "." + u.jws.UnverifiedPayload())
}

// ParseUnverified reads what Bytes returned. It trusts the judgement: the bytes
// must come from a place where nobody else could write. Errors are *Error.
func ParseUnverified(b []byte) (*Unverified, error) {
	alg, rest, ok := strings.Cut(string(b), ".")
	kid, claims, ok2 := strings.Cut(rest, ".")
	id, ok3 := jws.DecodeBase64URL(kid)
	if !ok || !ok2 || !ok3 {
		return nil, refuse(CodeJudgement, "these bytes are no judgement of an ID token")
	}
	t := &IDToken{Algorithm: jws.Algorithm(alg), KeyID: string(id)}
	var d strictjson.Document
	if _, err := t.read(claims, len(claims), &d); err != nil {
		return nil, refuse(CodeJudgement, "these bytes are no judgement of an ID token")
	}
	return &Unverified{token: t}, nil
}
