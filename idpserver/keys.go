package idpserver

import (
	"fmt"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Key is a private key that signs ID tokens. Its key id is the RFC 7638
// thumbprint of the public key. PrivateJWK writes it; keep that file readable by
// the server alone.
type Key = jose.PrivateKey

// GenerateKey makes a key for RS256 (2048 bits) or ES256.
func GenerateKey(a jws.Algorithm) (*Key, error) {
	switch a {
	case jws.RS256:
		return jose.GenerateRS256()
	case jws.ES256:
		return jose.GenerateES256()
	}
	return nil, fmt.Errorf("idpserver: ID tokens are signed with RS256 or ES256, not %q", a)
}

// ParseKey reads a private JWK that PrivateJWK or another tool wrote. Errors
// never repeat the key.
func ParseKey(jwk []byte) (*Key, error) { return jose.ParsePrivateJWK(jwk) }

// signingKey is the first key with that algorithm.
func (s *Server) signingKey(a jws.Algorithm) (*Key, error) {
	for _, k := range s.config.Keys {
		if k.Algorithm() == a {
			return k, nil
		}
	}
	return nil, fmt.Errorf("idpserver: no %s key is configured", a)
}
