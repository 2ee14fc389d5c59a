package pst

import (
	"crypto/rand"

	"github.com/bonafides-dev/bonafides/protocol/voprf"
)

// Pending is the client's state between an IssueRequest and its response: the
// nonces and their blinds. It holds secrets, and can be finished once. It must not
// be used by two goroutines at a time.
type Pending struct {
	keys    []*PublicKey
	nonces  [][]byte
	blinded *voprf.Blinded
}

// Begin makes a request for n tokens (1 to 100) from an issuer that is committed
// to this one key.
func Begin(key *PublicKey, n int) (*IssueRequest, *Pending, error) {
	return BeginAny([]*PublicKey{key}, n)
}

// BeginAny is Begin for an issuer with several keys: its response names one of
// them. Between 1 and 6 keys with distinct ids.
func BeginAny(keys []*PublicKey, n int) (*IssueRequest, *Pending, error) {
	if n < 1 {
		return nil, nil, ErrBatchEmpty
	}
	if n > MaxBatch {
		return nil, nil, ErrBatchTooLarge
	}
	if err := checkKeys(keys); err != nil {
		return nil, nil, err
	}
	all := make([]byte, n*NonceSize)
	if _, err := rand.Read(all); err != nil {
		return nil, nil, ErrRandom
	}
	nonces := make([][]byte, n)
	for i := range nonces {
		nonces[i] = all[i*NonceSize : (i+1)*NonceSize]
	}
	blinded, err := voprf.Blind(nonces)
	if err != nil {
		return nil, nil, fromVOPRF(err)
	}
	p := &Pending{append([]*PublicKey(nil), keys...), nonces, blinded}
	return &IssueRequest{blinded.Elements()}, p, nil
}

// checkKeys checks the keys of a commitment: 1 to 6 with distinct ids.
func checkKeys(keys []*PublicKey) error {
	if len(keys) == 0 || len(keys) > MaxKeys {
		return ErrKeySet
	}
	for i, k := range keys {
		if k == nil {
			return ErrKeySet
		}
		for _, other := range keys[:i] {
			if other.id == k.id {
				return ErrKeySet
			}
		}
	}
	return nil
}

// Finish checks the response and unblinds its tokens, as many as the issuer
// granted. A response that names an unknown key (ErrUnknownKey), has more
// elements than were asked for (ErrCount) or whose proof fails (ErrProof) gives
// no token at all, and the exchange may be finished with another response.
func (p *Pending) Finish(resp *IssueResponse) ([]Token, error) {
	if p.blinded.Count() == 0 {
		return nil, ErrFinished
	}
	var key *PublicKey
	for _, k := range p.keys {
		if k.id == resp.keyID {
			key = k
		}
	}
	if key == nil {
		return nil, ErrUnknownKey
	}
	if len(resp.elements) > len(p.nonces) {
		return nil, ErrCount
	}
	elements, err := p.blinded.Finish(key.key, resp.elements, resp.proof)
	if err != nil {
		return nil, fromVOPRF(err)
	}
	tokens := make([]Token, len(elements))
	for i := range tokens {
		tokens[i].KeyID = key.id
		copy(tokens[i].Nonce[:], p.nonces[i])
		tokens[i].w = elements[i]
	}
	p.Wipe()
	return tokens, nil
}
