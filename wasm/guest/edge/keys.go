package main

import (
	"github.com/bonafides-dev/bonafides/issuer/exchange"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// commitments writes what the issuer publishes about its token keys.
func commitments(keys string, version uint32, batch uint16) (document string, err error) {
	k, err := parseKeys(keys)
	if err != nil {
		return "", err
	}
	c, err := k.Commitment(version, int(batch))
	if err != nil {
		return "", &abi.Refusal{Code: "commitment_invalid", Message: err.Error(), Status: 503}
	}
	return string(c.JSON()), nil
}

const publicKeySize = 32

var errRecordKeys = &abi.Refusal{Code: "record_keys_invalid", Message: "Want Ed25519 public keys of 32 bytes each, at least one."}

// recordKeys writes what the issuer publishes about its record keys.
func recordKeys(keys []byte) (keyID, document string, err error) {
	if len(keys) == 0 || len(keys)%publicKeySize != 0 {
		return "", "", errRecordKeys
	}
	var list [][]byte
	for ; len(keys) > 0; keys = keys[publicKeySize:] {
		list = append(list, keys[:publicKeySize])
	}
	return exchange.RecordKeyID(list[0]), string(exchange.RecordKeySet(list...)), nil
}
