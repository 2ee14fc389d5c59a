package keyring

import (
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"
)

// What a key's text begins with where it is bytes: a key that signs, or the public
// half of one that did. One must never be published as the other.
const (
	Seed   = "seed:"
	Public = "public:"
)

// Sizes in bytes of the gate's keys, for ES256: a scalar of P-256, and the two
// coordinates of a point.
const (
	GateKeySize    = 32
	GatePublicSize = 64
)

// Halves returns the bytes of the keys of a ring whose texts are Seed or Public and
// base64: the secrets of the key that signs and of those that will, in this order,
// and the public halves of those that did. Errors name the line and nothing of what
// stands there.
func (r Ring) Halves(secretSize, publicSize int) (secret, public [][]byte, err error) {
	for i, k := range r.Keys {
		begins, size := Seed, secretSize
		if k.State == Retired {
			begins, size = Public, publicSize
		}
		word, ok := strings.CutPrefix(k.Text, begins)
		b, err := base64.StdEncoding.Strict().DecodeString(word)
		switch {
		case !ok || err != nil || len(b) != size:
			return nil, nil, bad(i+2, "a "+string(k.State)+" "+string(r.Kind)+" key is "+begins+" and the base64 of "+strconv.Itoa(size)+" bytes")
		case slices.ContainsFunc(r.Keys[:i], func(before Key) bool { return before.Text == k.Text }):
			return nil, nil, bad(i+2, "an earlier key is the same")
		case k.State == Current:
			secret = append([][]byte{b}, secret...)
		case k.State == Next:
			secret = append(secret, b)
		default:
			public = append(public, b)
		}
	}
	return secret, public, nil
}

// MakeHalves gives the keys that a rotation wants made their texts, and leaves the
// public half alone of those that sign no more. generate makes a secret, public
// computes its other half.
func (r *Ring) MakeHalves(generate func() ([]byte, error), public func(secret []byte) ([]byte, error)) error {
	for i := range r.Keys {
		k := &r.Keys[i]
		word, seed := strings.CutPrefix(k.Text, Seed)
		switch {
		case k.Text == "":
			b, err := generate()
			if err != nil {
				return err
			}
			k.Text = Seed + base64.StdEncoding.EncodeToString(b)
			clear(b)
		case seed && k.State == Retired:
			b, err := base64.StdEncoding.Strict().DecodeString(word)
			if err != nil {
				return errors.New("the " + string(r.Kind) + " key that signs is not base64")
			}
			half, err := public(b)
			clear(b)
			if err != nil {
				return err
			}
			k.Text = Public + base64.StdEncoding.EncodeToString(half)
		}
	}
	return nil
}
