package jws

// Algorithm is the name of a signature algorithm as it stands in "alg"
// (RFC 7518 section 3.1, RFC 8037 section 3.1). Names are compared exactly.
type Algorithm string

// The algorithms of this package. There is no HMAC and no "none": a party that may
// check a token here must not be able to make one.
const (
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5 with SHA-256
	PS256 Algorithm = "PS256" // RSASSA-PSS with SHA-256, salt as long as the hash
	ES256 Algorithm = "ES256" // ECDSA on P-256 with SHA-256, r and s of 32 bytes
	ES384 Algorithm = "ES384" // ECDSA on P-384 with SHA-384, r and s of 48 bytes
	EdDSA Algorithm = "EdDSA" // Ed25519
)

// parseAlgorithm returns the package's own constant, so that a token's bytes
// are not kept alive by it.
func parseAlgorithm(s string) (Algorithm, bool) {
	switch Algorithm(s) {
	case RS256:
		return RS256, true
	case PS256:
		return PS256, true
	case ES256:
		return ES256, true
	case ES384:
		return ES384, true
	case EdDSA, "Ed25519": // RFC 9864 section 2.2: the same, under its full name
		return EdDSA, true
	}
	return "", false
}

// kind returns the family of keys that an algorithm needs.
func (a Algorithm) kind() keyKind {
	switch a {
	case RS256, PS256:
		return kindRSA
	case ES256:
		return kindP256
	case ES384:
		return kindP384
	case EdDSA:
		return kindEd25519
	}
	return 0
}
