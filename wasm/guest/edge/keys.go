package main

import (
	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/wasm/guest/abi"
)

// commitments writes what the issuer publishes about its token keys. Version 0 is the
// one that the keys tell.
func commitments(keys string, version uint32, batch uint16) (document string, err error) {
	k, err := parseKeys(keys)
	if err != nil {
		return "", err
	}
	if version == 0 {
		version = max(k.Ring().Commitment, 1)
	}
	c, err := k.Commitment(version, int(batch))
	if err != nil {
		return "", abi.Refuse(503, "commitment_invalid", err.Error())
	}
	return string(c.JSON()), nil
}

// ringSecret reads the keys that records or the gate's assertions are signed with. Its
// errors tell nothing of them.
func ringSecret(kind, secret string) (seeds, retired []byte, err error) {
	ring, _, err := keyring.Read(keyring.Kind(kind), secret)
	var keys, public [][]byte
	switch {
	case err != nil:
	case ring.Kind == keyring.Gate:
		keys, public, err = ring.Halves(keyring.GateKeySize, keyring.GatePublicSize)
	default:
		keys, public, err = ring.Halves(exchange.RecordKeySize, exchange.RecordKeySize)
	}
	if err != nil {
		return nil, nil, abi.Refuse(503, kind+"_keys_invalid", err.Error())
	}
	for _, key := range keys {
		seeds = append(seeds, key...)
		clear(key)
	}
	for _, half := range public {
		retired = append(retired, half...)
	}
	return seeds, retired, nil
}

var errRecordKeys = abi.Refuse(0, "record_keys_invalid", "Want Ed25519 public keys of 32 bytes each, at least one.")

// recordKeys writes what the issuer publishes about its record keys.
func recordKeys(keys []byte) (keyID, document string, err error) {
	if len(keys) == 0 || len(keys)%exchange.RecordKeySize != 0 {
		return "", "", errRecordKeys
	}
	var list [][]byte
	for ; len(keys) > 0; keys = keys[exchange.RecordKeySize:] {
		list = append(list, keys[:exchange.RecordKeySize])
	}
	return exchange.RecordKeyID(list[0]), string(exchange.RecordKeySet(list...)), nil
}
