package exchange

import (
	"encoding/base64"
	"errors"
	"maps"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Keys are an issuer's token keys, each with the time at which it expires. From
// then on browsers ignore the key and its tokens are refused, so what was spent
// with it may be forgotten.
type Keys struct {
	set    *pst.KeySet
	expiry map[uint32]time.Time
	ring   keyring.Ring
}

// NewKeys joins keys and their expiry times; every key needs one, to the
// microsecond and after 1970. The active key is the current one, and the states of
// the others are told by keyring.Infer.
func NewKeys(set *pst.KeySet, expiry map[uint32]time.Time) (*Keys, error) {
	if set == nil {
		return nil, errors.New("no token keys are given")
	}
	ring := keyring.Ring{Kind: keyring.Token}
	for _, key := range set.All() {
		t, ok := expiry[key.ID()]
		if !ok || t.UnixMicro() <= 0 {
			return nil, errors.New("key " + strconv.FormatUint(uint64(key.ID()), 10) + " has no expiry time")
		}
		ring.Keys = append(ring.Keys, keyring.Key{ID: key.ID(), Expires: t.UTC().Round(0), Text: keyText(key)})
	}
	keyring.Infer(ring.Keys)
	if err := ring.Check(); err != nil {
		return nil, err
	}
	return &Keys{set, maps.Clone(expiry), ring}, nil
}

func keyText(key *pst.PrivateKey) string {
	b := key.Bytes()
	defer clear(b)
	return base64.StdEncoding.EncodeToString(b)
}

// ParseKeys reads keys as an operator keeps them, in a file or in a Worker's
// secret: a key ring of kind token, or what was written before there were rings. A
// key's text is the base64 of the 52 bytes of a pst.PrivateKey. Errors name the
// place of the fault and nothing of what stands there.
func ParseKeys(text string) (*Keys, error) {
	ring, old, err := keyring.Read(keyring.Token, text)
	if err != nil {
		return nil, err
	}
	return ringKeys(ring, old)
}

// RingKeys are the keys of a ring.
func RingKeys(ring keyring.Ring) (*Keys, error) {
	if ring.Kind != keyring.Token {
		return nil, errors.New("the keys are not of kind token")
	}
	if err := ring.Check(); err != nil {
		return nil, err
	}
	return ringKeys(ring, false)
}

func ringKeys(ring keyring.Ring, old bool) (*Keys, error) {
	var current *pst.PrivateKey
	var others []*pst.PrivateKey
	expiry := map[uint32]time.Time{}
	for i, k := range ring.Keys {
		bad := func(what string) error {
			if old {
				return errors.New("token key " + strconv.Itoa(i+1) + ": " + what)
			}
			return errors.New("line " + strconv.Itoa(i+2) + ": " + what)
		}
		raw, err := base64.StdEncoding.Strict().DecodeString(k.Text)
		if err != nil {
			return nil, bad("the key is not the base64 of 52 bytes")
		}
		key, err := pst.ParsePrivateKey(raw)
		clear(raw)
		switch {
		case err != nil:
			return nil, bad("the key is not 52 bytes: a 4-byte id and a scalar of P-384")
		case key.ID() != k.ID:
			return nil, bad("the id is not that of the key")
		case k.State == keyring.Current:
			current = key
		default:
			others = append(others, key)
		}
		expiry[k.ID] = k.Expires
	}
	set, err := pst.NewKeySet(current, others...)
	if err != nil {
		return nil, err
	}
	return &Keys{set, expiry, ring}, nil
}

// MakeKeys makes the token keys that a rotation wants made.
func MakeKeys(ring *keyring.Ring) error {
	for i := range ring.Keys {
		if k := &ring.Keys[i]; k.Text == "" {
			key, err := pst.GenerateKey(k.ID)
			if err != nil {
				return err
			}
			k.Text = keyText(key)
		}
	}
	return nil
}

// Secret writes keys so that ParseKeys reads them. It is the secret itself.
func (k *Keys) Secret() string {
	text, err := k.ring.Text()
	if err != nil { // every Keys was made of a ring that can be written
		return ""
	}
	return text
}

// Ring returns the keys as a ring, with their secrets.
func (k *Keys) Ring() keyring.Ring {
	r := k.ring
	r.Keys = append([]keyring.Key(nil), r.Keys...)
	return r
}

// Set returns the keys without their expiry times.
func (k *Keys) Set() *pst.KeySet { return k.set }

// Expiry returns when each key expires, by key id.
func (k *Keys) Expiry() map[uint32]time.Time { return maps.Clone(k.expiry) }

// Signing returns the key that signs new tokens, or NoActiveKey once it has
// expired.
func (k *Keys) Signing(now time.Time) (*pst.PrivateKey, *refusal.Refusal) {
	key := k.set.Active()
	if !now.Before(k.expiry[key.ID()]) {
		return nil, NoActiveKey
	}
	return key, nil
}

func (k *Keys) redeeming(id uint32, now time.Time) (*pst.PrivateKey, *refusal.Refusal) {
	key, ok := k.set.ByID(id)
	if !ok {
		return nil, unreadable(pst.ErrUnknownKey)
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

// Orphaned lists the keys whose tokens live at this time and would be worth
// nothing, or less long something, with the keys that come next.
func (k *Keys) Orphaned(next *Keys, now time.Time) []uint32 {
	var lost []uint32
	for _, old := range k.set.All() {
		id := old.ID()
		if !now.Before(k.expiry[id]) {
			continue
		}
		kept, ok := next.set.ByID(id)
		if !ok || string(kept.PublicKey().Bytes()) != string(old.PublicKey().Bytes()) || next.expiry[id].Before(k.expiry[id]) {
			lost = append(lost, id)
		}
	}
	return lost
}
