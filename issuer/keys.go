package issuer

import (
	"fmt"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/keyring"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// Keys are an issuer's token keys: one signs, others are published ahead of their
// turn or still redeemed, and each has the time at which it expires. From then on
// browsers drop its tokens, and they are refused here too. An expiry may be moved
// earlier and never later, and a key id stands for one key for good: Config.Spent
// remembers both, and New refuses anything else.
//
// They are kept as text, in a file that only its owner can read; bonafides keys
// makes such files and rotates them.
type Keys struct{ core *exchange.Keys }

// GenerateKeys makes the keys of a new issuer: one that signs, and one that is
// published ahead of its turn. every is the time between rotations: a key signs for
// one such period, and its tokens are good for another.
func GenerateKeys(now time.Time, every time.Duration) (*Keys, error) {
	if every < time.Second {
		return nil, fmt.Errorf("issuer: keys cannot be rotated every %v", every)
	}
	ring, err := keyring.Rotate(keyring.Ring{Kind: keyring.Token, Batch: DefaultBatch}, now.Truncate(time.Second), keyring.Rules{Ahead: true, Every: every})
	if err == nil {
		err = exchange.MakeKeys(&ring)
	}
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return wrapKeys(exchange.RingKeys(ring))
}

// NewKeys joins keys that are kept elsewhere with their expiry times, by key id.
// The active key of the set signs.
func NewKeys(set *pst.KeySet, expiry map[uint32]time.Time) (*Keys, error) {
	return wrapKeys(exchange.NewKeys(set, expiry))
}

// ParseKeys reads keys as bonafides keys and Secret write them, and as they were
// written before: words "KEY,EXPIRY", the base64 of the 52 bytes of a pst.PrivateKey
// and an RFC 3339 time, the key that signs first. Errors name the place of the
// fault and nothing of what stands there.
func ParseKeys(text string) (*Keys, error) { return wrapKeys(exchange.ParseKeys(text)) }

func wrapKeys(core *exchange.Keys, err error) (*Keys, error) {
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	return &Keys{core}, nil
}

// Secret writes the keys so that ParseKeys reads them. Whoever has the text can make
// tokens that nobody can tell from this issuer's.
func (k *Keys) Secret() string { return k.core.Secret() }

// Set returns the keys without their expiry times.
func (k *Keys) Set() *pst.KeySet { return k.core.Set() }

// Expiry returns when each key expires, by key id.
func (k *Keys) Expiry() map[uint32]time.Time { return k.core.Expiry() }

// CommitmentID is the version of the key commitments that the text states, raised
// by each rotation; 0 if it states none.
func (k *Keys) CommitmentID() uint32 { return k.core.Ring().Commitment }

// BatchSize is how many tokens a browser is to ask for at a time, as the text
// states it; 0 if it states none.
func (k *Keys) BatchSize() int { return k.core.Ring().Batch }

// TokenKeys returns the keys without their secrets, as a SpentStore knows them.
func (k *Keys) TokenKeys() []TokenKey { return TokenKeys(k.Set(), k.Expiry()) }

// String shows nothing of the keys.
func (k *Keys) String() string { return fmt.Sprint(k.core.Ring().Keys) }

// GoString is String.
func (k *Keys) GoString() string { return k.String() }
