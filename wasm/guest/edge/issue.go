package main

import (
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// isRedemption tells the two messages apart at the path that takes both.
func isRedemption(token, version string) (redemption, readable bool, err error) {
	m, err := message(exchange.Native, token, version)
	if err != nil {
		return false, false, nil
	}
	return pst.IsRedeemRequest(m), true, nil
}

// beginIssuance judges a request for tokens in the order of package issuer: the
// message, then the key.
func beginIssuance(polyfill bool, token, version, keys string, now int64) (count uint16, err error) {
	m, err := message(headers(polyfill), token, version)
	if err != nil {
		return 0, err
	}
	req, r := exchange.ParseIssuance(m)
	if r != nil {
		return 0, r
	}
	k, err := parseKeys(keys)
	if err != nil {
		return 0, err
	}
	if _, r := k.Signing(unix(now)); r != nil {
		return 0, r
	}
	return uint16(req.Count()), nil
}

// signIssuance signs as many elements as were granted.
func signIssuance(token, keys string, count uint16, now int64) (answer string, err error) {
	m, err := message(exchange.Native, token, pst.Version)
	if err != nil {
		return "", err
	}
	req, r := exchange.ParseIssuance(m)
	if r != nil {
		return "", r
	}
	k, err := parseKeys(keys)
	if err != nil {
		return "", err
	}
	key, r := k.Signing(unix(now))
	if r != nil {
		return "", r
	}
	answer, err = exchange.SignIssuance(key, req, min(int(count), req.Count()))
	if err != nil {
		return "", exchange.SigningFailed
	}
	return answer, nil
}
