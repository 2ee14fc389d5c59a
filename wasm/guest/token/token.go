// Command token is the guest module of a browser that keeps Private State
// Tokens in JavaScript's reach: it blinds, checks and unblinds. Its exports
// stand in ../../abi.json; the functions here are what they run.
package main

import (
	"github.com/bonafides-dev/bonafides/protocol/origin"
	"github.com/bonafides-dev/bonafides/protocol/pst"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// refused gives an error of protocol/pst its code at the border.
func refused(err error) error {
	if e, ok := err.(*pst.Error); ok {
		return abi.Refuse(0, e.Code, e.Message)
	}
	return err
}

var errNoKeys = abi.Refuse(0, "commitment_expired",
	"Every key of this commitment has expired. The issuer must publish new ones.")

// commitments keeps the keys that Chromium would use at this time.
func commitments(document []byte, now int64) (id uint32, batchSize uint16, keys []byte, expires int64, err error) {
	c, err := pst.ParseCommitments(document)
	if err != nil {
		return 0, 0, nil, 0, refused(err)
	}
	const microseconds = 1e6
	live := c.Live(now * microseconds)
	if len(live) == 0 {
		return 0, 0, nil, 0, errNoKeys
	}
	for _, k := range live {
		keys = append(keys, k.Bytes()...)
	}
	for _, k := range c.Keys {
		if k.PublicKey.ID() == live[0].ID() {
			expires = k.Expiry / microseconds
		}
	}
	return c.ID, uint16(c.BatchSize), keys, expires, nil
}

// begin makes nonces and blinds.
func begin(keys []byte, count uint16) (request, pending []byte, err error) {
	var list []*pst.PublicKey
	for len(keys) > 0 {
		k, err := pst.ParsePublicKey(keys[:min(pst.PublicKeySize, len(keys))])
		if err != nil {
			return nil, nil, refused(err)
		}
		list = append(list, k)
		keys = keys[pst.PublicKeySize:]
	}
	req, p, err := pst.BeginAny(list, int(count))
	if err != nil {
		return nil, nil, refused(err)
	}
	return req.Bytes(), p.Bytes(), nil
}

// finish checks the proof and unblinds.
func finish(pending, response []byte) (tokens []byte, err error) {
	p, err := pst.ParsePending(pending)
	if err != nil {
		return nil, refused(err)
	}
	resp, err := pst.ParseIssueResponse(response)
	if err != nil {
		return nil, refused(err)
	}
	list, err := p.Finish(resp)
	if err != nil {
		return nil, refused(err)
	}
	tokens = make([]byte, 0, len(list)*pst.TokenSize)
	for i := range list {
		tokens = append(tokens, list[i].Bytes()...)
	}
	return tokens, nil
}

// redeem makes the request that spends one token.
func redeem(token []byte, site string, timestamp uint32) (request []byte, err error) {
	t, err := pst.ParseToken(token)
	if err != nil {
		return nil, refused(err)
	}
	if !origin.Is(site) {
		return nil, refused(pst.ErrOrigin)
	}
	r := pst.RedeemRequest{Token: *t, ClientData: pst.ClientData{RedeemingOrigin: site, RedemptionTimestamp: timestamp}}
	return r.Bytes(), nil
}
