package jws

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

const defaultMaxSize = 16 << 10

// Policy says which tokens a reader takes. The zero Policy takes none: name the
// types, or allow tokens without one.
type Policy struct {
	// Types are the accepted values of "typ", compared as media types. So a reader of one
	// kind of token refuses every other kind (RFC 8725 section 3.11).
	Types []string
	// AllowNoType accepts tokens that have no "typ".
	AllowNoType bool
	// Algorithms are the accepted algorithms; empty means all of this package.
	Algorithms []Algorithm
	// MaxSize bounds the token in bytes; 0 means 16 KiB.
	MaxSize int
	// IgnoreKeyHints reads past the header's jku, x5u and x5c, which some providers
	// write beside kid. They are never fetched and their keys never used. A key in the
	// header itself (jwk) is refused all the same.
	IgnoreKeyHints bool
}

// Header is what a token's header said, after judgement.
type Header struct {
	Algorithm Algorithm
	KeyID     string
	HasKeyID  bool
	Type      string // empty if the token has no typ
	HasType   bool
}

// Message is a token whose signature is valid.
type Message struct {
	Header  Header
	Payload []byte
	Key     *Key // the key that checked it
}

// Unverified is a token whose form, header and choice of key were judged and
// found good, and whose signature was not checked yet. Until it is, nothing in
// it can be believed.
type Unverified struct {
	header    Header
	key       *Key
	others    [maxCandidates - 1]*Key // further keys of the token's kid; nil for none
	input     string                  // header "." payload, as the token has them
	payload   string
	signature string // its bytes; a string, so that all three parts are decoded into one
}

// Judge reads a compact JWS and picks the key that may check it. It does all
// that needs no cryptography. Errors are *Error.
func Judge(token string, keys *KeySet, p Policy) (*Unverified, error) {
	u := &Unverified{}
	var d strictjson.Document
	if err := u.judge(token, keys, &p, &d); err != nil {
		return nil, err
	}
	return u, nil
}

// JudgeInto is Judge for callers that count allocations: u is the caller's, perhaps
// a part of a larger value, and so is the Document, which may be used again at
// once. After an error u must not be used.
func (u *Unverified) JudgeInto(token string, keys *KeySet, p Policy, d *strictjson.Document) error {
	*u = Unverified{}
	if err := u.judge(token, keys, &p, d); err != nil {
		return err
	}
	return nil
}

func (u *Unverified) judge(token string, keys *KeySet, p *Policy, d *strictjson.Document) *Error {
	max := p.MaxSize
	if max <= 0 {
		max = defaultMaxSize
	}
	head, body, sig, err := split(token, max)
	if err != nil {
		return err
	}
	// All parts are decoded into one text. Where a later part cannot be decoded
	// the header may still say why (b64, zip), so its own faults come first.
	var text strings.Builder
	var room decodeRoom
	text.Grow(len(head)/4*3 + len(body)/4*3 + len(sig)/4*3 + 6)
	if !writeDecoded(&text, head, &room) {
		return refuse(CodeBase64, "the token's header is not canonical base64url")
	}
	n := text.Len()
	if err := u.header.read(text.String(), p, d); err != nil {
		return err
	}
	if !writeDecoded(&text, body, &room) {
		return refuse(CodeBase64, "the token's payload is not canonical base64url")
	}
	m := text.Len()
	if !writeDecoded(&text, sig, &room) {
		return refuse(CodeBase64, "the token's signature is not canonical base64url")
	}
	u.input, u.payload, u.signature = token[:len(head)+1+len(body)], text.String()[n:m], text.String()[m:]
	if err = keys.find(u); err != nil {
		return err
	}
	if u.key.kind == kindEd25519 && !belowOrder(u.signature[32:]) {
		return errSignature
	}
	return nil
}

// ed25519Order is that of Ed25519's base point, big-endian: 2^252 + 27742317777372353535851937790883648493.
var ed25519Order = [32]byte{
	0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0x14, 0xde, 0xf9, 0xde, 0xa2, 0xf7, 0x9c, 0xd6, 0x58, 0x12, 0x63, 0x1a, 0x5c, 0xf5, 0xd3, 0xed,
}

// belowOrder reports whether S of an Ed25519 signature, little-endian, is below
// the order (RFC 8032 section 5.1.7). Not every platform's check asks this, and
// without it whoever has one signature can write others.
func belowOrder(s string) bool {
	for i := range ed25519Order {
		if b := s[len(s)-1-i]; b != ed25519Order[i] {
			return b < ed25519Order[i]
		}
	}
	return false
}

var errSignature = refuse(CodeSignature, "the signature does not verify: the token was changed, or another key signed it")

// split cuts a token at its two dots.
func split(token string, max int) (head, body, sig string, _ *Error) {
	if len(token) > max {
		return "", "", "", tooLarge(len(token), max)
	}
	head, rest, ok1 := strings.Cut(token, ".")
	body, sig, ok2 := strings.Cut(rest, ".")
	if !ok1 || !ok2 || strings.IndexByte(sig, '.') >= 0 {
		if strings.Count(token, ".") == 4 {
			return "", "", "", refuse(CodeEncrypted, "the token has five parts: it is encrypted (JWE), and this reader takes signed ones")
		}
		return "", "", "", refuse(CodeMalformed, "a signed token has exactly three parts with two dots between them")
	}
	return head, body, sig, nil
}

// read judges a header (RFC 7515 section 4).
func (h *Header) read(raw string, p *Policy, d *strictjson.Document) *Error {
	v, err := d.Parse(raw, strictjson.Limits{})
	if err != nil {
		return refuse(CodeHeader, "the header is not strict JSON: "+err.Error())
	}
	if v.Kind() != strictjson.Object {
		return refuse(CodeHeader, "the header is not a JSON object")
	}
	var alg strictjson.Value
	for w := v.Walk(); w.Next(); {
		name, value := w.Name(), w.Value()
		switch name {
		case "alg":
			alg = value
		case "kid":
			if h.KeyID, h.HasKeyID = value.Text(); !h.HasKeyID {
				return refuse(CodeKeyID, "kid is not a string")
			}
			h.HasKeyID = h.KeyID != "" // some write it when a key has none
		case "typ":
			if h.Type, h.HasType = value.Text(); !h.HasType {
				return refuse(CodeType, "typ is not a string")
			}
		case "jku", "x5u", "x5c":
			if !p.IgnoreKeyHints {
				return refuse(CodeHeaderForbidden, "the header holds "+name+", which says where a key would be; IgnoreKeyHints would read past it")
			}
		case "crit", "b64", "zip", "enc", "jwk":
			return refuse(CodeHeaderForbidden, "the header holds "+name+", which this reader refuses in every token")
		}
	}
	name, ok := alg.Text()
	if !ok {
		return refuse(CodeAlgMissing, "the header names no algorithm (alg)")
	}
	if h.Algorithm, ok = parseAlgorithm(name); !ok {
		return differ(CodeAlgUnsupported, "the algorithm is none that this reader takes: RS, PS and ES with 256, 384 or 512, EdDSA", name)
	}
	if len(p.Algorithms) > 0 && !contains(p.Algorithms, h.Algorithm) {
		return differ(CodeAlgNotAllowed, "the token is signed with "+string(h.Algorithm)+", which is not allowed here; Algorithms would admit it", string(h.Algorithm), p.Algorithms...)
	}
	switch {
	case !h.HasType && !p.AllowNoType:
		return refuse(CodeType, "the token has no typ, so it may be of another kind than this reader takes")
	case h.HasType && !acceptsType(p.Types, h.Type):
		return differType(h.Type, p.Types)
	}
	return nil
}

// acceptsType compares media types: without regard to case, and "application/" may be
// left out (RFC 7515 section 4.1.9).
func acceptsType(list []string, typ string) bool {
	for _, e := range list {
		if e == typ || bareType(e) == bareType(typ) {
			return true
		}
	}
	return false
}

func bareType(s string) string {
	const tree = "application/"
	lower := []byte(s)
	for i, c := range lower {
		if 'A' <= c && c <= 'Z' {
			lower[i] = c + 'a' - 'A'
		}
	}
	s = string(lower)
	if rest, ok := strings.CutPrefix(s, tree); ok && rest != "" && strings.IndexByte(rest, '/') < 0 {
		return rest
	}
	return s
}

func contains[T comparable](list []T, x T) bool {
	for _, e := range list {
		if e == x {
			return true
		}
	}
	return false
}

// Header returns the judged header. It is not authentic yet.
func (u *Unverified) Header() Header { return u.header }

// Key returns the key to check the signature with, the first of Keys.
func (u *Unverified) Key() *Key { return u.key }

// Keys returns the keys that may check the signature, one to three: a provider may
// publish several under one kid. A platform that checks signatures tries them in this
// order, and one that is good decides.
func (u *Unverified) Keys() []*Key {
	keys := []*Key{u.key}
	for _, k := range u.others {
		if k != nil {
			keys = append(keys, k)
		}
	}
	return keys
}

// JWKs returns Keys as a JSON array of JWKs, for platforms that import keys in this form
// (WebCrypto).
func (u *Unverified) JWKs() []byte {
	var list [][]byte
	for _, k := range u.Keys() {
		list = append(list, k.JWK())
	}
	return strictjson.AppendArray(nil, list...)
}

// SigningInput returns the bytes that the signature covers.
func (u *Unverified) SigningInput() []byte { return []byte(u.input) }

// Signature returns the signature as JWS writes it: for ECDSA r and s one after
// the other.
func (u *Unverified) Signature() []byte { return []byte(u.signature) }

// UnverifiedPayload returns the payload, which anybody may have written. It is
// for refusing early and for choosing an issuer's keys, never for believing.
func (u *Unverified) UnverifiedPayload() string { return u.payload }

// Confirm ends the judgement with the outcome of a signature check that the
// platform did over SigningInput and Signature: valid if one of Keys found it so. (The
// Message's Key is then that of Key.)
func (u *Unverified) Confirm(valid bool) (*Message, error) {
	if !valid {
		return nil, errSignature
	}
	return &Message{u.header, []byte(u.payload), u.key}, nil
}
