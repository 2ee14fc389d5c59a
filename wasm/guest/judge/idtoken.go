// Package judge is what several guest modules judge alike. Its functions stand
// in ../../abi.json under "shared".
//
// The platform checks signatures: a judgement says with which key and over which
// bytes, and is ended with the outcome.
package judge

import (
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// refused gives an error of the protocol packages its code at the border.
func refused(err error) error {
	switch e := err.(type) {
	case *oidc.Error:
		return abi.Refuse(0, e.Code, e.Message)
	case *jws.Error:
		return abi.Refuse(0, e.Code, e.Message)
	}
	return err
}

// JudgeIDToken does all with an ID token that needs no cryptography.
func JudgeIDToken(config, jwks, token []byte, now int64, millis uint16) (
	algorithm string, keys, signingInput, signature, judged []byte, err error) {
	c, err := readConfig(config)
	if err != nil {
		return "", nil, nil, nil, nil, err
	}
	if c.Keys, err = jws.ParseKeySet(jwks); err != nil {
		return "", nil, nil, nil, nil, refused(err)
	}
	u, err := oidc.Judge(string(token), c, time.Unix(now, int64(millis)*1e6))
	if err != nil {
		return "", nil, nil, nil, nil, refused(err)
	}
	s := u.JWS()
	return string(s.Header().Algorithm), s.JWKs(), s.SigningInput(), s.Signature(), u.Bytes(), nil
}

// ConfirmIDToken ends a judgement with the outcome of the signature check.
func ConfirmIDToken(judged []byte, valid bool) (claims string, emailVerified bool, err error) {
	u, err := oidc.ParseUnverified(judged)
	if err != nil {
		return "", false, refused(err)
	}
	t, err := u.Confirm(valid)
	if err != nil {
		return "", false, refused(err)
	}
	return t.Claims(), t.EmailVerified, nil
}
