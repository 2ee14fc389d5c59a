package jws

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

const (
	maxKeySet     = 512 << 10 // bytes of a JWK set
	maxKeys       = 1024      // that are kept of one set
	maxRejected   = 64        // that are told of one set: each may be a line of a log
	maxCandidates = 3         // keys of one kid that a token is tried with
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

// ParseKeySet reads a JWK set (RFC 7517 section 5) of at most 512 KiB. Keys of kinds
// that this package does not know are ignored, as the RFC asks. A key of a known kind
// that is malformed or too weak, or has a member twice, is left out and listed by
// Rejected, the first 64 of them: one bad key does not lock everybody out. The same key a
// second time is left out. Of more than 1024 usable keys the first count, and Remarks says
// so. A document that is not strict JSON, or no set, is refused; a member beside "keys" may
// be there twice, since nobody reads it. Errors are *Error.
func ParseKeySet(jwks []byte) (*KeySet, error) {
	v, err := strictjson.Parse(jwks, strictjson.Limits{MaxSize: maxKeySet, MarkDuplicates: true})
	if err != nil {
		return nil, refuse(CodeKeySet, "the key set is not strict JSON: "+err.Error())
	}
	list, rerr := keysOf(v)
	if rerr != nil {
		return nil, rerr
	}
	s := &KeySet{}
	for e := range list.Elements() {
		k, err := parseKey(e)
		switch {
		case err == errIgnored:
		case err != nil:
			if len(s.rejected) < maxRejected {
				s.rejected = append(s.rejected, RejectedKey{keyIDOf(e), err.Message})
			}
		case s.has(k):
		case len(s.keys) == maxKeys:
			s.remarks = append(s.remarks, KeyRemark{k.kid, "it comes after 1024 others and is left out"})
		default:
			s.keys = append(s.keys, k)
			if k.remark != "" {
				s.remarks = append(s.remarks, KeyRemark{k.kid, k.remark})
			}
		}
	}
	return s, nil
}

var errNoKeys = refuse(CodeKeySet, `the key set has no array "keys"`)

// keysOf returns a set's array of keys, the one place of it that may hold a name twice:
// each entry is judged for itself.
func keysOf(set strictjson.Value) (list strictjson.Value, _ *Error) {
	if set.Kind() != strictjson.Object {
		return list, errNoKeys
	}
	for w := set.Walk(); w.Next(); {
		switch {
		case w.Name() != "keys":
			if w.Value().Marked() {
				return list, refuse(CodeKeySet, "the key set is not strict JSON: a name appears twice in an object beside its keys")
			}
		case list.Exists():
			return list, refuse(CodeKeySet, `the key set has "keys" twice`)
		default:
			list = w.Value()
		}
	}
	if list.Kind() != strictjson.Array {
		return list, errNoKeys
	}
	for w := list.Walk(); w.Next(); {
		if e := w.Value(); e.Kind() != strictjson.Object && e.Marked() {
			return list, refuse(CodeKeySet, "the key set is not strict JSON: a name appears twice in what is no key")
		}
	}
	return list, nil
}

// keyIDOf returns the kid of an entry that is refused, "" if it has none or several.
func keyIDOf(entry strictjson.Value) (kid string) {
	if entry.Kind() != strictjson.Object {
		return ""
	}
	seen := false
	for w := entry.Walk(); w.Next(); {
		if w.Name() == "kid" {
			if seen {
				return ""
			}
			kid, _ = w.Value().Text()
			seen = true
		}
	}
	return kid
}

// Keys returns the usable keys in the order of the set.
func (s *KeySet) Keys() []*Key {
	if s == nil {
		return nil
	}
	return append([]*Key(nil), s.keys...)
}

// Rejected returns the keys of known kinds that were left out, 64 of them at most.
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

// find sets the key that may check a token. With a kid only keys of that kid count, and
// the first three of them that fit may be tried: some providers publish several under one
// kid. Without a kid the algorithm alone must leave a single key (RFC 7515 section 4.1.4,
// OpenID Connect Core section 10.1).
func (s *KeySet) find(u *Unverified) *Error {
	if s == nil {
		return refuse(CodeKeyUnknown, "there are no keys to check the token with")
	}
	h := &u.header
	named, fitting, tried, refusal := 0, 0, 0, ""
	for _, k := range s.keys {
		if h.HasKeyID && !(k.hasKID && k.kid == h.KeyID) {
			continue
		}
		named++
		if !k.Fits(h.Algorithm) {
			refusal = k.refusal
			continue
		}
		fitting++
		switch {
		case k.size() != len(u.signature) || tried == maxCandidates:
			continue
		case tried == 0:
			u.key = k
		default:
			u.others[tried-1] = k
		}
		tried++
	}
	switch {
	case fitting > 1 && !h.HasKeyID:
		return refuse(CodeKeyAmbiguous, "the token names no key (kid) and the key set holds several that would fit")
	case tried > 0:
		return nil
	case fitting > 0:
		return refuse(CodeSignatureForm, "the signature does not have the length that the key and algorithm give it")
	case !h.HasKeyID:
		return refuse(CodeKeyUnknown, "the key set holds no key for the token's algorithm")
	case named > 0:
		if refusal == "" {
			refusal = "the key is of another kind, or its alg names another algorithm"
		}
		return refuse(CodeKeyMismatch, "the key that the token names must not check it: "+refusal)
	}
	for _, r := range s.rejected {
		if r.KeyID == h.KeyID && r.KeyID != "" {
			return refuse(CodeKeyUnusable, "the key that the token names cannot be used: "+r.Reason)
		}
	}
	return s.keyUnknown(h.KeyID)
}
