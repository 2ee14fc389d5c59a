package jose

import (
	"errors"
	"fmt"

	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// A RingKey is a key of a provider's ring.
type RingKey struct {
	keyring.Key
	Private *PrivateKey // nil of a retired key
	Public  []byte      // the JWK to publish
	KeyID   string
}

// ReadRing reads a key ring of kind provider, or what was written before there were
// rings: one private JWK. A key's text is its private JWK, or of one that is retired
// its public JWK. All keys of a ring have one algorithm, RS256 or ES256. The keys come
// in the ring's order. Errors name the line and nothing of what stands there.
func ReadRing(text string) (keyring.Ring, []RingKey, error) {
	ring, old, err := keyring.Read(keyring.Provider, text)
	if err != nil {
		return ring, nil, err
	}
	keys := make([]RingKey, len(ring.Keys))
	for i, k := range ring.Keys {
		if keys[i], err = readRingKey(k); err == nil {
			for _, before := range keys[:i] {
				switch {
				case before.KeyID == keys[i].KeyID:
					err = errors.New("an earlier key is the same")
				case before.Algorithm() != keys[i].Algorithm():
					err = errors.New("an earlier key has another algorithm: who signs with two has two rings")
				}
			}
		}
		switch {
		case err != nil && old:
			return ring, nil, err
		case err != nil:
			return ring, nil, fmt.Errorf("line %d: %w", i+2, err)
		}
	}
	return ring, keys, nil
}

func readRingKey(k keyring.Key) (RingKey, error) {
	if k.State == keyring.Retired {
		public, err := jws.ParseKey([]byte(k.Text))
		if err != nil {
			return RingKey{}, errors.New("a retired provider key is a public JWK")
		}
		r := RingKey{Key: k, Public: []byte(k.Text)}
		r.KeyID, _ = public.KeyID()
		if a := r.Algorithm(); r.KeyID == "" || !signsIDTokens(a) || !public.Fits(a) {
			return RingKey{}, errors.New("a retired provider key is a public JWK with kid and alg, RS256 or ES256")
		}
		return r, nil
	}
	private, err := ParsePrivateJWK([]byte(k.Text))
	if err != nil {
		return RingKey{}, err
	}
	if !signsIDTokens(private.Algorithm()) {
		return RingKey{}, fmt.Errorf("the key signs with %q; ID tokens are signed with RS256 or ES256", private.Algorithm())
	}
	public, err := private.PublicJWK()
	return RingKey{k, private, public, private.KeyID()}, err
}

func signsIDTokens(a jws.Algorithm) bool { return a == jws.RS256 || a == jws.ES256 }

// Algorithm is that of the key, which a public JWK says in alg.
func (k RingKey) Algorithm() jws.Algorithm {
	if k.Private != nil {
		return k.Private.Algorithm()
	}
	v, err := strictjson.Parse(k.Public, strictjson.Limits{MaxSize: 32 << 10})
	if err != nil {
		return ""
	}
	a, _ := v.Get("alg").Text()
	return jws.Algorithm(a)
}

// MakeRing makes the keys that a rotation wants made, for RS256 or ES256, and leaves
// the public half alone of those that sign no more.
func MakeRing(ring *keyring.Ring, a jws.Algorithm) error {
	generate := map[jws.Algorithm]func() (*PrivateKey, error){jws.RS256: GenerateRS256, jws.ES256: GenerateES256}[a]
	if generate == nil {
		return fmt.Errorf("jose: ID tokens are signed with RS256 or ES256, not %q", a)
	}
	for i := range ring.Keys {
		k := &ring.Keys[i]
		var text []byte
		switch {
		case k.Text == "":
			private, err := generate()
			if err == nil {
				text, err = private.PrivateJWK()
			}
			if err != nil {
				return err
			}
		case k.State == keyring.Retired:
			if _, err := jws.ParseKey([]byte(k.Text)); err == nil {
				continue // retired before
			}
			private, err := ParsePrivateJWK([]byte(k.Text))
			if err == nil {
				text, err = private.PublicJWK()
			}
			if err != nil {
				return err
			}
		default:
			continue
		}
		k.Text = string(text)
	}
	return nil
}
