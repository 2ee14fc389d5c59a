package issuer

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// SpentGrace is how long a store remembers what was spent with a key after the
// key has expired, so that clocks that differ open no gap.
const SpentGrace = time.Hour

// A TokenKey is what a SpentStore keeps of a token key for good. It holds nothing
// secret.
type TokenKey struct {
	ID uint32
	// Public is the SHA-256 of the public key's bytes: the id and the point.
	Public [32]byte
	// Expires is when the key expires, in whole seconds, rounded up.
	Expires time.Time
}

// TokenKeys describes keys and their expiry times to a SpentStore.
func TokenKeys(set *pst.KeySet, expiry map[uint32]time.Time) []TokenKey {
	var all []TokenKey
	for _, k := range set.All() {
		all = append(all, TokenKey{
			ID:      k.ID(),
			Public:  sha256.Sum256(k.PublicKey().Bytes()),
			Expires: time.Unix(expiry[k.ID()].Add(time.Second-1).Unix(), 0).UTC(),
		})
	}
	return all
}

// A KnownKey is a key as a store has it.
type KnownKey struct {
	// TokenKey is what the key was admitted with. Public and Expires are zero where
	// the store was migrated from one that did not keep them, and the key was not
	// admitted since.
	TokenKey
	// Forgotten tells that the store has dropped what was spent with the key.
	Forgotten bool
}

// JudgeKey tells whether a key may go on under the id that a store knows: nil, or
// a *KeyChangedError. An expiry that was moved earlier is good; the store goes on
// remembering until the later one.
func JudgeKey(known KnownKey, now TokenKey) error {
	bad := func(c KeyChange) error { return &KeyChangedError{now.ID, c} }
	switch {
	case known.Forgotten:
		return bad(KeyForgotten)
	case known.Expires.IsZero():
		return nil
	case known.Public != now.Public:
		return bad(KeyReplaced)
	case now.Expires.After(known.Expires):
		return bad(KeyProlonged)
	}
	return nil
}

// KeyChange is a change under a key id that must never happen.
type KeyChange string

const (
	// KeyReplaced: another key stands under an id that is known. Its tokens and
	// those of the first key would be taken for each other.
	KeyReplaced KeyChange = "another key"
	// KeyProlonged: the expiry was moved later. By then what was spent may be
	// forgotten, and browsers may hold two expiry times for one key.
	KeyProlonged KeyChange = "a later expiry"
	// KeyForgotten: the store has dropped what was spent with the key.
	KeyForgotten KeyChange = "a forgotten key"
)

// KeyChangedError refuses a key under an id that stood for something else.
type KeyChangedError struct {
	ID     uint32
	Change KeyChange
}

// Error says what is wrong with the key and what to do.
func (e *KeyChangedError) Error() string {
	why := map[KeyChange]string{
		KeyReplaced:  "is another key than the one that was admitted under this id, whose tokens are counted as spent under it",
		KeyProlonged: "expires later than when it was admitted, and what was spent with it may be forgotten by then",
		KeyForgotten: "was forgotten with all that was spent with it, and its tokens would be good again",
	}[e.Change]
	return fmt.Sprintf("token key %d %s. Put back what it was, or make a new key under an id that was never used: bonafides keys rotate makes one", e.ID, why)
}
