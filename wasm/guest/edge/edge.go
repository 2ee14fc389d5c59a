// Command edge is the guest module of a worker at the edge: it issues and redeems
// Private State Tokens as package issuer does, by the same functions of
// internal/exchange. Its exports stand in ../../abi.json; the functions here are
// what they run. Routes, stores, fetches and signatures are the worker's.
//
// Keys come in with every call that needs them, so that an instance can be dropped
// at any moment. Those of the last call are kept parsed: computing their public
// halves anew would cost as much as a redemption.
package main

import (
	"crypto/subtle"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

var refusals = map[string]error{
	"origin_not_allowed": exchange.OriginNotAllowed,
	"credentials_sent":   exchange.CredentialsSent,
	"proof_too_large":    exchange.ProofTooLarge,
	"body_too_large":     exchange.BodyTooLarge,
	"policy_unavailable": exchange.PolicyUnavailable,
	"signing_failed":     exchange.SigningFailed,
	"record_failed":      exchange.RecordFailed,
	"store_unavailable":  exchange.StoreUnavailable,
	"key_expired":        exchange.KeyExpired,
}

// refusal refuses by name.
func refusal(name string) (known bool, err error) {
	r, ok := refusals[name]
	if !ok {
		return false, nil
	}
	return true, r
}

// last is what parseKeys read last. A worker holds the text of its keys as long as
// an instance lives, so nothing is secret for longer by this.
var last struct {
	text []byte
	keys *exchange.Keys
}

// parseKeys reads the token keys. Its errors tell nothing of them.
func parseKeys(text string) (*exchange.Keys, error) {
	if last.keys != nil && subtle.ConstantTimeCompare(last.text, []byte(text)) == 1 {
		return last.keys, nil
	}
	keys, err := exchange.ParseKeys(text)
	if err != nil {
		return nil, abi.Refuse(503, "keys_invalid", err.Error())
	}
	clear(last.text)
	last.text, last.keys = []byte(text), keys
	return keys, nil
}

func headers(polyfill bool) exchange.Headers {
	if polyfill {
		return exchange.Polyfill
	}
	return exchange.Native
}

// message reads the headers of a request. A field that is missing and one that
// is empty mean the same, and of several a worker sees one, joined with commas.
func message(h exchange.Headers, token, version string) ([]byte, error) {
	b, r := h.Message([]string{token}, []string{version})
	if r != nil {
		return nil, r
	}
	return b, nil
}

func unix(t int64) time.Time { return time.Unix(t, 0) }
