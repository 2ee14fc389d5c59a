package jws

// Algorithm is the name of a signature algorithm as it stands in "alg"
// (RFC 7518 section 3.1, RFC 8037 section 3.1). Names are compared exactly.
type Algorithm string

// The algorithms of this package. There is no HMAC and no "none": a party that may
// check a token here must not be able to make one.
const (
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	RS384 Algorithm = "RS384" // with SHA-384
	RS512 Algorithm = "RS512" // with SHA-512
	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256, salt as long as the hash
	PS384 Algorithm = "PS384" // with SHA-384
	PS512 Algorithm = "PS512" // with SHA-512
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256, r and s of 32 bytes
	ES384 Algorithm = "ES384" // ECDSA on P-384 with SHA-384, r and s of 48 bytes
	ES512 Algorithm = "ES512" // ECDSA on P-521 with SHA-512, r and s of 66 bytes
	EdDSA Algorithm = "EdDSA" // Ed25519
)

// algorithms is every one of them, as refusals list them.
var algorithms = [...]Algorithm{RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA}

// parseAlgorithm returns the package's own constant, so that a token's bytes
// are not kept alive by it.
func parseAlgorithm(s string) (Algorithm, bool) {
	switch Algorithm(s) { // what nearly every token has
	case RS256:
		return RS256, true
	case ES256:
		return ES256, true
	case EdDSA, "Ed25519": // RFC 9864 section 2.2: the same, under its full name
		return EdDSA, true
	}
	for _, a := range algorithms {
		if string(a) == s {
			return a, true
		}
	}
	return "", false
}

// kind returns the family of keys that an algorithm needs.
func (a Algorithm) kind() keyKind {
	switch a {
	case RS256, RS384, RS512, PS256, PS384, PS512:
		return kindRSA
	case ES256:
		return kindP256
	case ES384:
		return kindP384
	case ES512:
		return kindP521
	case EdDSA:
		return kindEd25519
	}
	return 0
}

// HashBits returns the size of the hash that the algorithm signs: 256, 384 or 512, and
// 512 for EdDSA, whose Ed25519 hashes with SHA-512. It is 0 for an algorithm that this
// package does not have.
func (a Algorithm) HashBits() int {
	switch a {
	case RS256, PS256, ES256:
		return 256
	case RS384, PS384, ES384:
		return 384
	case RS512, PS512, ES512, EdDSA:
		return 512
	}
	return 0
}
