package exchange

import (
	"encoding/base64"
	"errors"
	"maps"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Keys are an issuer's token keys, each with the time at which it expires. From
// then on browsers ignore the key and its tokens are refused, so what was spent
// with it may be forgotten.
type Keys struct {
	set    *pst.KeySet
	expiry map[uint32]time.Time
}

// NewKeys joins keys and their expiry times; every key needs one, to the
// microsecond and after 1970.
func NewKeys(set *pst.KeySet, expiry map[uint32]time.Time) (*Keys, error) {
	if set == nil {
		return nil, errors.New("no token keys are given")
	}
	k := &Keys{set, map[uint32]time.Time{}}
	for _, key := range set.All() {
		t, ok := expiry[key.ID()]
		if !ok || t.UnixMicro() <= 0 {
			return nil, errors.New("key " + strconv.FormatUint(uint64(key.ID()), 10) + " has no expiry time")
		}
		k.expiry[key.ID()] = t
	}
	return k, nil
}

// ParseKeys reads keys as an operator keeps them, in a file or in a worker's
// secret: words separated by white space, each "KEY,EXPIRY", where KEY is the
// base64 of the 52 bytes of a pst.PrivateKey and EXPIRY is RFC 3339. The first
// one signs. A line that begins with # is a comment. Errors name the place of
// the bad word and nothing of its content.
func ParseKeys(text string) (*Keys, error) {
	var all []*pst.PrivateKey
	expiry := map[uint32]time.Time{}
	for line := range strings.Lines(text) {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for word := range strings.FieldsSeq(line) {
			bad := func(what string) error {
				return errors.New("token key " + strconv.Itoa(len(all)+1) + ": " + what)
			}
			k, t, _ := strings.Cut(word, ",")
			raw, err := base64.StdEncoding.Strict().DecodeString(k)
			if err != nil {
				return nil, bad("want KEY,EXPIRY with KEY the base64 of 52 bytes")
			}
			key, err := pst.ParsePrivateKey(raw)
			clear(raw)
			if err != nil {
				return nil, bad("KEY is not 52 bytes: a 4-byte id and a scalar of P-384")
			}
			exp, err := time.Parse(time.RFC3339, t)
			if err != nil {
				return nil, bad("EXPIRY is not a time like 2027-05-01T00:00:00Z")
			}
			if _, dup := expiry[key.ID()]; dup {
				return nil, bad("an earlier key has the same id")
			}
			all = append(all, key)
			expiry[key.ID()] = exp
		}
	}
	if len(all) == 0 {
		return nil, errors.New("no token keys are given")
	}
	set, err := pst.NewKeySet(all[0], all[1:]...)
	if err != nil {
		return nil, err
	}
	return NewKeys(set, expiry)
}

// Secret writes keys so that ParseKeys reads them: one a line, the active one
// first. It is the secret itself.
func (k *Keys) Secret() string {
	var b strings.Builder
	for _, key := range k.set.All() {
		b.WriteString(base64.StdEncoding.EncodeToString(key.Bytes()))
		b.WriteByte(',')
		b.WriteString(k.expiry[key.ID()].UTC().Format(time.RFC3339Nano))
		b.WriteByte('\n')
	}
	return b.String()
}

// Set returns the keys without their expiry times.
func (k *Keys) Set() *pst.KeySet { return k.set }

// Expiry returns when each key expires, by key id.
func (k *Keys) Expiry() map[uint32]time.Time { return maps.Clone(k.expiry) }

// Signing returns the key that signs new tokens, or NoActiveKey once it has
// expired.
func (k *Keys) Signing(now time.Time) (*pst.PrivateKey, *Refusal) {
	key := k.set.Active()
	if !now.Before(k.expiry[key.ID()]) {
		return nil, NoActiveKey
	}
	return key, nil
}

func (k *Keys) redeeming(id uint32, now time.Time) (*pst.PrivateKey, *Refusal) {
	key, ok := k.set.ByID(id)
	if !ok {
		return nil, refusal(pst.ErrUnknownKey)
	}
	if !now.Before(k.expiry[id]) {
		return nil, KeyExpired
	}
	return key, nil
}

// Commitment returns what the issuer publishes about these keys: version is
// raised with every change, batch is how many tokens a client should ask for at
// a time.
func (k *Keys) Commitment(version uint32, batch int) (*pst.Commitment, error) {
	c := &pst.Commitment{ID: version, BatchSize: batch}
	for _, key := range k.set.All() {
		c.Keys = append(c.Keys, pst.CommittedKey{
			Label:     strconv.FormatUint(uint64(key.ID()), 10),
			PublicKey: key.PublicKey(),
			Expiry:    k.expiry[key.ID()].UnixMicro(),
		})
	}
	return c, c.Check()
}
