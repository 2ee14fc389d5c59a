package jws

import (
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

type keyKind uint8

const (
	kindRSA keyKind = iota + 1
	kindP256
	kindP384
	kindP521
	kindEd25519
)

// curveSizes are the bytes of a coordinate.
var curveSizes = [...]int{kindP256: 32, kindP384: 48, kindP521: 66}

var curveNames = [...]string{kindP256: "P-256", kindP384: "P-384", kindP521: "P-521"}

const (
	minModulus = 2048 / 8
	maxModulus = 8192 / 8

	// maxOperations is how many key_ops a key may name. RFC 7517 section 4.3 has eight; each
	// is compared with all others.
	maxOperations = 32
)

// Key is a public key that can check signatures. It is immutable and safe for
// concurrent use.
type Key struct {
	kind   keyKind
	alg    Algorithm // the JWK's alg; empty if it names none
	kid    string
	hasKID bool
	// refusal is set when the key is well-formed but its use, key_ops or alg
	// forbid what this package does.
	refusal string
	// remark says where the JWK is not written as it should be, and was read as what it means.
	remark string
	n, e   []byte // RSA, big-endian without leading zeros
	x, y   []byte // EC coordinates; x alone is the Ed25519 key
	native nativeKey
}

// KeyID returns the JWK's kid, and whether it has one.
func (k *Key) KeyID() (string, bool) { return k.kid, k.hasKID }

// Fits reports whether the key may check signatures of algorithm a.
func (k *Key) Fits(a Algorithm) bool {
	return k.refusal == "" && k.kind != 0 && k.kind == a.kind() && (k.alg == "" || k.alg == a)
}

// size returns the length that every signature of this key has.
func (k *Key) size() int {
	switch k.kind {
	case kindRSA:
		return len(k.n)
	case kindP256, kindP384, kindP521:
		return 2 * curveSizes[k.kind]
	}
	return 64
}

// JWK returns the key as a JWK with its public members only, for platforms that
// import keys in this form (WebCrypto).
func (k *Key) JWK() []byte {
	var w strictjson.Writer
	switch k.kind {
	case kindRSA:
		w.String("e", encode(k.e))
		w.String("kty", "RSA")
		w.String("n", encode(k.n))
	case kindEd25519:
		w.String("crv", "Ed25519")
		w.String("kty", "OKP")
		w.String("x", encode(k.x))
	default:
		w.String("crv", curveNames[k.kind])
		w.String("kty", "EC")
		w.String("x", encode(k.x))
		w.String("y", encode(k.y))
	}
	b, _ := w.Bytes() // fixed names and base64url: nothing can be refused
	return b
}

// errIgnored marks a key of a kind that this package does not know. A set may
// hold such keys (RFC 7517 section 5).
var errIgnored = refuse(CodeKeySet, "the key is of a kind that this reader does not know")

var errOffCurve = refuse(CodeKeySet, "an EC key is not a point on its curve")

// ParseKey reads one public key as a JWK (RFC 7517 section 4). RSA keys have
// 2048 to 8192 bits and an odd exponent from 3 to 2^31-1; EC keys lie on P-256,
// P-384 or P-521; OKP keys are Ed25519. A key of any other kind, and one that shows
// its private part, is refused. Errors are *Error.
//
// A key comes from its issuer, and is read as what it means: numbers may have leading
// zeros or lack them, base64 may be padded or of the standard alphabet, and an optional
// member that is null or empty is as if it were absent.
func ParseKey(jwk []byte) (*Key, error) {
	v, err := strictjson.Parse(jwk, strictjson.Limits{})
	if err != nil {
		return nil, refuse(CodeKeySet, "the key is not strict JSON: "+err.Error())
	}
	k, kerr := parseKey(v)
	if kerr != nil {
		return nil, kerr
	}
	return k, nil
}

func parseKey(v strictjson.Value) (*Key, *Error) {
	bad := func(message string) (*Key, *Error) { return nil, refuse(CodeKeySet, message) }
	if v.Kind() != strictjson.Object {
		return bad("a key is not a JSON object")
	}
	if v.Marked() {
		return bad("a key has a member twice")
	}
	k := &Key{}
	kty, ok := v.Get("kty").Text()
	if !ok {
		return bad("a key has no kty")
	}
	if kid := v.Get("kid"); says(kid) {
		if k.kid, k.hasKID = kid.Text(); !k.hasKID {
			return bad("a key's kid is not a string")
		}
	}
	crv, _ := v.Get("crv").Text()
	switch {
	case kty == "RSA":
		k.kind = kindRSA
	case kty == "EC" && crv == "P-256":
		k.kind = kindP256
	case kty == "EC" && crv == "P-384":
		k.kind = kindP384
	case kty == "EC" && crv == "P-521":
		k.kind = kindP521
	case kty == "OKP" && crv == "Ed25519":
		k.kind = kindEd25519
	case kty == "EC" || kty == "OKP":
		if crv == "" {
			return bad("a key has no crv")
		}
		return nil, errIgnored
	default:
		return nil, errIgnored
	}
	for _, private := range [...]string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if says(v.Get(private)) {
			return bad("a key shows its private part, so anyone can sign with it")
		}
	}
	if err := k.purpose(v); err != nil {
		return nil, err
	}
	if err := k.material(v); err != nil {
		return nil, err
	}
	return k, nil
}

// purpose judges alg, use and key_ops (RFC 7517 sections 4.2 to 4.4). A key for
// something else stays in the set, so that the refusal of its token can say so.
func (k *Key) purpose(v strictjson.Value) *Error {
	if a := v.Get("alg"); says(a) {
		s, ok := a.Text()
		if !ok {
			return refuse(CodeKeySet, "a key's alg is not a string")
		}
		if k.alg, ok = parseAlgorithm(s); !ok || k.alg.kind() != k.kind {
			k.refusal = "the key names an algorithm that does not suit it or that this reader does not have"
		}
	}
	if u := v.Get("use"); says(u) {
		s, ok := u.Text()
		if !ok {
			return refuse(CodeKeySet, "a key's use is not a string")
		}
		if s != "sig" {
			k.refusal = "the key is not for signatures (use)"
		}
	}
	if o := v.Get("key_ops"); says(o) {
		ops, ok := o.Strings()
		if !ok {
			return refuse(CodeKeySet, "a key's key_ops is not an array of strings")
		}
		if len(ops) > maxOperations {
			return refuse(CodeKeySet, "a key's key_ops is too long")
		}
		verify := false
		for i, op := range ops {
			verify = verify || op == "verify"
			for _, earlier := range ops[:i] {
				if op == earlier {
					return refuse(CodeKeySet, "a key's key_ops names an operation twice")
				}
			}
		}
		if !verify {
			k.refusal = "the key is not for verifying (key_ops)"
		}
	}
	return nil
}

func (k *Key) material(v strictjson.Value) *Error {
	var ok bool
	field := func(name string) []byte {
		s, isText := v.Get(name).Text()
		if !isText {
			ok = false
			return nil
		}
		b, good := k.member(s)
		ok = ok && good
		return b
	}
	number := func(name string) []byte { return k.stripped(field(name)) }
	ok = true
	switch k.kind {
	case kindRSA:
		k.n, k.e = number("n"), number("e")
		if !ok {
			return refuse(CodeKeySet, "an RSA key's n or e is missing or not base64url")
		}
		if len(k.n) == 0 || len(k.e) == 0 {
			return refuse(CodeKeySet, "an RSA key's n or e is zero")
		}
		if bits := bitLen(k.n); bits < minModulus*8 || bits > maxModulus*8 {
			return refuse(CodeKeySet, "an RSA key has fewer than 2048 or more than 8192 bits")
		}
		if k.n[len(k.n)-1]&1 == 0 {
			return refuse(CodeKeySet, "an RSA key's modulus is even")
		}
		if isROCA(k.n) {
			return refuse(CodeKeySet, "an RSA key comes from a generator whose keys can be factored (CVE-2017-15361)")
		}
		if e := exponent(k.e); e < 3 || e&1 == 0 {
			return refuse(CodeKeySet, "an RSA key's exponent is even, below 3 or above 2^31-1")
		}
	case kindP256, kindP384, kindP521:
		size := curveSizes[k.kind]
		k.x, k.y = k.coordinate(field("x"), size), k.coordinate(field("y"), size)
		if !ok || k.x == nil || k.y == nil {
			return refuse(CodeKeySet, "an EC key's x or y is missing, not base64url or too long")
		}
	case kindEd25519:
		k.x = field("x")
		if !ok || len(k.x) != 32 {
			return refuse(CodeKeySet, "an Ed25519 key's x is missing, not base64url or not 32 bytes")
		}
	}
	return k.prepare()
}

func bitLen(b []byte) int { // b has no leading zero byte
	n := len(b)*8 - 8
	for top := b[0]; top != 0; top >>= 1 {
		n++
	}
	return n
}

// exponent returns an RSA exponent, 0 if it is above 2^31-1.
func exponent(b []byte) uint32 {
	if len(b) > 4 {
		return 0
	}
	var e uint32
	for _, c := range b {
		e = e<<8 | uint32(c)
	}
	if e > 1<<31-1 {
		return 0
	}
	return e
}
