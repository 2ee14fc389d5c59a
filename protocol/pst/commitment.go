package pst

import (
	"encoding/base64"
	"math"
	"strconv"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Media type of the commitments at the issuer's endpoint, without a charset
// parameter: Google's registry refused answers with one.
const CommitmentContentType = "application/pst-issuer-directory"

// CommitmentPath is where an issuer serves its commitment.
const CommitmentPath = "/.well-known/private-state-token/key-commitment"

// A Commitment is what an issuer promises about its keys, so that it cannot
// give each client a key of its own:
//
//	{"PrivateStateTokenV1VOPRF": {
//	  "protocol_version": "PrivateStateTokenV1VOPRF", "id": 1, "batchsize": 10,
//	  "keys": {"1": {"Y": "base64 of 101 bytes", "expiry": "1790000000000000"}}}}
//
// A browser is given this object under the issuer's origin; the issuer's own
// endpoint (CommitmentPath) serves it as it stands here.
type Commitment struct {
	ID        uint32 // version of the commitment, raised with every change; 1 to 2^31-1
	BatchSize int    // tokens that a client asks for at a time, 1 to 100
	Keys      []CommittedKey
}

// CommittedKey is one key of a commitment.
type CommittedKey struct {
	// Label is the key's name in the JSON object: a decimal uint32. It is
	// customary, not required, that it equals the key's id.
	Label     string
	PublicKey *PublicKey
	Expiry    int64 // microseconds since 1970; from then on browsers ignore the key
}

// Limits of a commitment document.
const (
	maxCommitment    = 64 << 10
	maxCommittedKeys = 64
)

// Errors of commitments. Chromium drops such an issuer without a word.
var (
	ErrCommitmentJSON    = &Error{"commitment_json", "The commitment is not one JSON object below 64 KiB without duplicate names."}
	ErrCommitmentVersion = &Error{"commitment_version", "The commitment has no object PrivateStateTokenV1VOPRF, the only version that browsers use."}
	ErrProtocolVersion   = &Error{"commitment_protocol_version", "protocol_version is not the string PrivateStateTokenV1VOPRF."}
	ErrCommitmentID      = &Error{"commitment_id", "id is not a JSON number between 1 and 2147483647 (not a string)."}
	ErrBatchSize         = &Error{"commitment_batchsize", "batchsize is not a JSON number of at least 1 (not a string)."}
	ErrCommitmentKeys    = &Error{"commitment_keys", "keys is not an object with between 1 and 64 keys."}
	ErrKeyLabel          = &Error{"commitment_key_label", "The name of a key is not a decimal number below 2^32 without leading zeros."}
	ErrKeyValue          = &Error{"commitment_key_value", "Y of a key is not the base64 of 101 bytes: a 4-byte id and an uncompressed point of P-384."}
	ErrKeyExpiry         = &Error{"commitment_key_expiry", "expiry of a key is not a string of decimal digits: microseconds since 1970 (not a JSON number)."}
	ErrKeyTwice          = &Error{"commitment_key_duplicate", "Two keys have the same label or the same key id."}
)

// ParseCommitments reads the object that an issuer's endpoint serves. Members it
// does not know, other versions among them, are ignored as browsers do; a
// batchsize above 100 is taken as 100; everything that would make a browser drop
// the issuer or one of its keys is an error. Expired keys are kept: see Live.
func ParseCommitments(b []byte) (*Commitment, error) {
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: maxCommitment, MaxDepth: 8})
	if err != nil || v.Kind() != strictjson.Object {
		return nil, ErrCommitmentJSON
	}
	v = v.Get(Version)
	if v.Kind() != strictjson.Object {
		return nil, ErrCommitmentVersion
	}
	if s, ok := v.Get("protocol_version").Text(); !ok || s != Version {
		return nil, ErrProtocolVersion
	}
	id, ok := v.Get("id").Int()
	if !ok || id < 1 || id > math.MaxInt32 {
		return nil, ErrCommitmentID
	}
	size, ok := v.Get("batchsize").Int()
	if !ok || size < 1 || size > math.MaxInt32 {
		return nil, ErrBatchSize
	}
	keys := v.Get("keys")
	if keys.Kind() != strictjson.Object || keys.Len() == 0 || keys.Len() > maxCommittedKeys {
		return nil, ErrCommitmentKeys
	}
	c := &Commitment{ID: uint32(id), BatchSize: int(min(size, MaxBatch))}
	for label, k := range keys.Members() {
		key, err := readCommittedKey(label, k)
		if err != nil {
			return nil, err
		}
		c.Keys = append(c.Keys, key)
	}
	if err := c.Check(); err != nil {
		return nil, err
	}
	return c, nil
}

func readCommittedKey(label string, v strictjson.Value) (CommittedKey, error) {
	k := CommittedKey{Label: label}
	y, ok := v.Get("Y").Text()
	if !ok {
		return k, ErrKeyValue
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(y)
	// The decoder skips line breaks; the only encoding of 101 bytes has 136
	// characters.
	if err != nil || len(y) != base64.StdEncoding.EncodedLen(PublicKeySize) {
		return k, ErrKeyValue
	}
	if k.PublicKey, err = ParsePublicKey(raw); err != nil {
		return k, ErrKeyValue
	}
	s, ok := v.Get("expiry").Text()
	if !ok || !all(s, isDigit) || (s[0] == '0' && s != "0") {
		return k, ErrKeyExpiry
	}
	if k.Expiry, err = strconv.ParseInt(s, 10, 64); err != nil {
		return k, ErrKeyExpiry
	}
	return k, nil
}

// Check tells what a browser would not accept in a commitment that was made in
// Go.
func (c *Commitment) Check() error {
	switch {
	case c.ID < 1 || c.ID > math.MaxInt32:
		return ErrCommitmentID
	case c.BatchSize < 1 || c.BatchSize > MaxBatch:
		return ErrBatchSize
	case len(c.Keys) == 0 || len(c.Keys) > maxCommittedKeys:
		return ErrCommitmentKeys
	}
	for i, k := range c.Keys {
		n, err := strconv.ParseUint(k.Label, 10, 32)
		if err != nil || strconv.FormatUint(n, 10) != k.Label {
			return ErrKeyLabel
		}
		if k.PublicKey == nil {
			return ErrKeyValue
		}
		if k.Expiry < 0 {
			return ErrKeyExpiry
		}
		for _, o := range c.Keys[:i] {
			if o.Label == k.Label || o.PublicKey.ID() == k.PublicKey.ID() {
				return ErrKeyTwice
			}
		}
	}
	return nil
}

// Live returns the public keys that Chromium would use at a time given in
// microseconds since 1970: those that have not expired, and of these the six
// soonest to expire.
func (c *Commitment) Live(nowMicroseconds int64) []*PublicKey {
	keys := make([]CommittedKey, 0, len(c.Keys))
	for _, k := range c.Keys {
		if k.Expiry > nowMicroseconds {
			keys = append(keys, k)
		}
	}
	// By insertion, in place: equal ones keep their order.
	for i := range keys {
		for j := i; j > 0 && keys[j].Expiry < keys[j-1].Expiry; j-- {
			keys[j], keys[j-1] = keys[j-1], keys[j]
		}
	}
	out := make([]*PublicKey, 0, MaxKeys)
	for _, k := range keys[:min(len(keys), MaxKeys)] {
		out = append(out, k.PublicKey)
	}
	return out
}

// JSON returns the object that an issuer serves, without white space, members
// and keys in the order given above and in Keys. It is nil where Check has an
// error.
func (c *Commitment) JSON() []byte {
	if c.Check() != nil {
		return nil
	}
	// Labels, base64 and numbers need no escaping.
	b := append([]byte(nil), `{"`+Version+`":{"protocol_version":"`+Version+`","id":`...)
	b = strconv.AppendUint(b, uint64(c.ID), 10)
	b = append(b, `,"batchsize":`...)
	b = strconv.AppendInt(b, int64(c.BatchSize), 10)
	b = append(b, `,"keys":{`...)
	for i, k := range c.Keys {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, k.Label...)
		b = append(b, `":{"Y":"`...)
		b = base64.StdEncoding.AppendEncode(b, k.PublicKey.Bytes())
		b = append(b, `","expiry":"`...)
		b = strconv.AppendInt(b, k.Expiry, 10)
		b = append(b, `"}`...)
	}
	return append(b, `}}}`...)
}
