package main

import (
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// verifyRedemption verifies a token that is shown.
func verifyRedemption(polyfill bool, token, version, keys string, now int64) (keyID uint32, nonce, row []byte, origin string, expires int64, err error) {
	m, err := message(headers(polyfill), token, version)
	if err != nil {
		return 0, nil, nil, "", 0, err
	}
	k, err := parseKeys(keys)
	if err != nil {
		return 0, nil, nil, "", 0, err
	}
	red, r := exchange.VerifyRedemption(k, m, unix(now))
	if r != nil {
		return 0, nil, nil, "", 0, r
	}
	kept := exchange.SpentRow(red.KeyID, red.Nonce)
	return red.KeyID, red.Nonce[:], kept[:], red.Origin, k.Expiry()[red.KeyID].Add(time.Second - 1).Unix(), nil
}

// alreadySpent refuses a replay as package issuer does.
func alreadySpent(issuer string) (never bool, err error) {
	return false, exchange.AlreadySpent(issuer)
}

// platform stands for a record key that the platform keeps.
type platform struct{ keyID string }

func (platform) Algorithm() jws.Algorithm    { return jws.EdDSA }
func (p platform) KeyID() string             { return p.keyID }
func (platform) Sign([]byte) ([]byte, error) { return nil, errors.New("the platform signs") }

// recordInput writes what the platform has to sign for a record.
func recordInput(issuer, signerID string, keyID uint32, origin string, polyfill bool, lifetime uint32, single bool, now int64) (input string, seconds uint32, err error) {
	via := pst.ViaNative
	if polyfill {
		via = pst.ViaPolyfill
	}
	rec := exchange.Recorder{Issuer: issuer, Signer: platform{signerID}, Lifetime: time.Duration(lifetime) * time.Second, Single: single}
	input, left, err := rec.Input(&exchange.Redemption{KeyID: keyID, Origin: origin}, via, unix(now))
	if err != nil {
		return "", 0, exchange.RecordFailed
	}
	return input, uint32(left), nil
}

var errSignature = abi.Refuse(0, "signature_invalid", "An Ed25519 signature has 64 bytes.")

// assemble joins a record and its signature.
func assemble(input string, signature []byte) (token string, err error) {
	if len(signature) != 64 {
		return "", errSignature
	}
	return jws.Assemble(input, signature), nil
}
