package jws

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

const (
	maxKeySet = 512 << 10 // bytes of a JWK set
	maxKeys   = 256
)

// KeySet is the keys of one issuer. It is immutable and safe for concurrent
// use. The nil and the zero KeySet hold no key, so they refuse every token.
type KeySet struct {
	keys     []*Key
	rejected []RejectedKey
	remarks  []KeyRemark
}

// RejectedKey is a key of the set that cannot be used, and why.
type RejectedKey struct {
	KeyID  string // empty if it has none
	Reason string
}

// KeyRemark is said of a key that is used although its JWK is not written as RFC 7518
// has it.
type KeyRemark struct {
	KeyID string // empty if it has none
	Text  string
}

// NewKeySet makes a set of keys that were read one by one.
func NewKeySet(keys ...*Key) *KeySet {
	return &KeySet{keys: append([]*Key(nil), keys...)}
}

// ParseKeySet reads a JWK set (RFC 7517 section 5) of at most 512 KiB and 256
// keys. Keys of kinds that this package does not know are ignored, as the RFC
// asks. A key of a known kind that is malformed or too weak is left out and
// listed by Rejected: one bad key does not lock everybody out. The same key a second
// time is left out. A document that
// is not strict JSON, or no set, is refused. Errors are *Error.
func ParseKeySet(jwks []byte) (*KeySet, error) {
	v, err := strictjson.Parse(jwks, strictjson.Limits{MaxSize: maxKeySet})
	if err != nil {
		return nil, refuse(CodeKeySet, "the key set is not strict JSON: "+err.Error())
	}
	list := v.Get("keys")
	if list.Kind() != strictjson.Array {
		return nil, refuse(CodeKeySet, `the key set has no array "keys"`)
	}
	if list.Len() > maxKeys {
		return nil, refuse(CodeKeySet, "the key set holds more than 256 keys")
	}
	s := &KeySet{}
	for e := range list.Elements() {
		k, err := parseKey(e)
		switch {
		case err == errIgnored:
		case err != nil:
			kid, _ := e.Get("kid").Text()
			s.rejected = append(s.rejected, RejectedKey{kid, err.Message})
		case s.has(k):
		default:
			s.keys = append(s.keys, k)
			if k.remark != "" {
				s.remarks = append(s.remarks, KeyRemark{k.kid, k.remark})
			}
		}
	}
	return s, nil
}

// Keys returns the usable keys in the order of the set.
func (s *KeySet) Keys() []*Key {
	if s == nil {
		return nil
	}
	return append([]*Key(nil), s.keys...)
}

// Rejected returns the keys of known kinds that were left out.
func (s *KeySet) Rejected() []RejectedKey {
	if s == nil {
		return nil
	}
	return append([]RejectedKey(nil), s.rejected...)
}

// Remarks returns what is odd about keys that are used.
func (s *KeySet) Remarks() []KeyRemark {
	if s == nil {
		return nil
	}
	return append([]KeyRemark(nil), s.remarks...)
}

func (s *KeySet) has(k *Key) bool {
	for _, other := range s.keys {
		if k.equal(other) {
			return true
		}
	}
	return false
}

// find returns the one key that may check a token with this header. With a kid
// only keys of that kid count; without one the algorithm alone must leave a
// single key (RFC 7515 section 4.1.4, OpenID Connect Core section 10.1).
func (s *KeySet) find(h *Header) (*Key, *Error) {
	if s == nil {
		return nil, refuse(CodeKeyUnknown, "there are no keys to check the token with")
	}
	var found *Key
	named, fitting, refusal := 0, 0, ""
	for _, k := range s.keys {
		if h.HasKeyID && !(k.hasKID && k.kid == h.KeyID) {
			continue
		}
		named++
		if !k.Fits(h.Algorithm) {
			refusal = k.refusal
			continue
		}
		found = k
		fitting++
	}
	switch {
	case fitting == 1:
		return found, nil
	case fitting > 1 && h.HasKeyID:
		return nil, refuse(CodeKeyAmbiguous, "the key set holds several keys with the token's kid")
	case fitting > 1:
		return nil, refuse(CodeKeyAmbiguous, "the token names no key (kid) and the key set holds several that would fit")
	case !h.HasKeyID:
		return nil, refuse(CodeKeyUnknown, "the key set holds no key for the token's algorithm")
	case named > 0:
		if refusal == "" {
			refusal = "the key is of another kind, or its alg names another algorithm"
		}
		return nil, refuse(CodeKeyMismatch, "the key that the token names must not check it: "+refusal)
	}
	for _, r := range s.rejected {
		if r.KeyID == h.KeyID && r.KeyID != "" {
			return nil, refuse(CodeKeyUnusable, "the key that the token names cannot be used: "+r.Reason)
		}
	}
	return nil, refuse(CodeKeyUnknown, "no key of the set has the token's kid")
}
