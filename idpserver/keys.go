package idpserver

import (
	"errors"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Key is a key of the provider. The private half is wherever Signer has it: in this
// process (ParseKeys), or in a module or service that signs.
type Key struct {
	// Signer signs ID tokens: RS256 or ES256. nil: the key is published and does not
	// sign, since it comes next or signed before.
	Signer jws.Signer
	// PublicJWK is the other half, to be published: a JWK (RFC 7517) with kid, the
	// key id that Signer writes into tokens.
	PublicJWK []byte
}

// GenerateKeys makes a key ring for RS256 (2048 bits) or ES256, as the text that
// ParseKeys reads and bonafides keys rotates: a key that signs, and one that is
// published ahead of its turn. Keep it in a file that only the server can read:
// whoever has it can make ID tokens.
func GenerateKeys(a jws.Algorithm, now time.Time) (text string, err error) {
	ring, err := keyring.Rotate(keyring.Ring{Kind: keyring.Provider}, now.Truncate(time.Second), keyring.Rules{Ahead: true})
	if err == nil {
		err = jose.MakeRing(&ring, a)
	}
	if err != nil {
		return "", fmt.Errorf("idpserver: %w", err)
	}
	return ring.Text()
}

// ParseKeys reads a key ring that bonafides keys or GenerateKeys wrote: the key that
// signs, then those that come next, then those that signed before and may still be
// needed to check what they signed. It also takes one private JWK (RFC 7517), of this
// kit or another tool: a ring of one key. To sign with two algorithms, join two
// rings:
//
//	Keys: append(rs256, es256...)
//
// A ring is at most 64 KiB. Errors name the line and nothing of what stands there.
func ParseKeys(text string) ([]Key, error) {
	_, ring, err := jose.ReadRing(text)
	if err != nil {
		return nil, fmt.Errorf("idpserver: keys: %w", err)
	}
	var keys []Key
	for _, state := range []keyring.State{keyring.Current, keyring.Next, keyring.Retired} {
		for _, k := range ring {
			switch {
			case k.State != state:
			case state == keyring.Current:
				keys = append(keys, Key{k.Private.Signer(), k.Public})
			default:
				keys = append(keys, Key{PublicJWK: k.Public})
			}
		}
	}
	return keys, nil
}

// checkKeys makes sure that what each signer signs is what its published key
// verifies, that no two keys have one id, and that a client can be served that is
// registered for no algorithm. One that is registered for another, which no key has, is
// refused when somebody signs in there.
func checkKeys(keys []Key) error {
	if len(keys) == 0 {
		return errors.New("idpserver: Keys is needed (see ParseKeys)")
	}
	rs256, ids := false, map[string]bool{}
	for i, k := range keys {
		id, err := k.check()
		if err == nil && ids[id] {
			err = errors.New("has the key id of an earlier key")
		}
		if err != nil {
			return fmt.Errorf("idpserver: Keys[%d] %w", i, err)
		}
		ids[id] = true
		rs256 = rs256 || k.Signer != nil && k.Signer.Algorithm() == jws.RS256
	}
	if !rs256 {
		return errors.New("idpserver: Keys needs an RS256 key that signs, the default of every client")
	}
	return nil
}

func (k Key) check() (id string, err error) {
	published, err := jose.Set(k.PublicJWK)
	if len(k.PublicJWK) == 0 || err != nil {
		return "", errors.New("has a PublicJWK that is not JSON (see ParseKeys)")
	}
	set, err := jws.ParseKeySet(published)
	if err == nil && len(set.Keys()) != 1 {
		err = errors.New("it is not a key that can check signatures")
	}
	if err != nil {
		return "", fmt.Errorf("has a PublicJWK that cannot be read: %w", err)
	}
	id, ok := set.Keys()[0].KeyID()
	if !ok {
		return "", errors.New("has a PublicJWK without kid")
	}
	if k.Signer == nil {
		return id, nil
	}
	if a := k.Signer.Algorithm(); a != jws.RS256 && a != jws.ES256 {
		return "", fmt.Errorf("signs with %q; ID tokens are signed with RS256 or ES256", a)
	}
	token, err := jws.Sign(k.Signer, "JWT", []byte("{}"))
	if err != nil {
		return "", fmt.Errorf("does not sign: %w", err)
	}
	if _, err := jws.Verify(token, set, jws.Policy{Algorithms: []jws.Algorithm{k.Signer.Algorithm()}, Types: []string{"JWT"}}); err != nil {
		return "", fmt.Errorf("signs what its PublicJWK does not verify: %w", err)
	}
	return id, nil
}

// SetKeys gives a running server the keys of a changed ring. They are judged as
// those of Config are; if there is an error, nothing changes. The key set and the
// discovery document are rewritten, with new ETags, before the first token is
// signed with a new key; what was signed before stays good as long as its key is in
// keys. Relying parties keep the key set for five minutes: a key that signs should
// have been published that long.
func (s *Server) SetKeys(keys []Key) error {
	if err := checkKeys(keys); err != nil {
		return err
	}
	var signers []jws.Signer
	var public [][]byte
	for _, k := range keys {
		public = append(public, k.PublicJWK)
		if k.Signer != nil {
			signers = append(signers, k.Signer)
		}
	}
	published, err := jose.Set(public...)
	if err != nil {
		return err
	}
	set, err := jws.ParseKeySet(published)
	if err != nil {
		return err
	}
	s.keys.Lock()
	defer s.keys.Unlock()
	if err := s.endpoints.Publish(published, tokens.Algorithms(signers)); err != nil {
		return err
	}
	s.tokens.SetSigners(signers)
	s.tokens.SetKeys(set)
	return nil
}
