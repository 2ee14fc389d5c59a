package idpserver

import (
	"net/http"
	"slices"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// codeAlgorithm is the refusal of a client that is registered for an algorithm
// that no configured key has.
const codeAlgorithm = "server_error"

var errNoAlgorithm = web.NewProblem(http.StatusInternalServerError, codeAlgorithm,
	"The provider has no key for the algorithm that this client is registered with. Nothing was done.")

// signIDToken writes and signs an ID token (OpenID Connect Core 1.0 section 2).
// The claims stand in a fixed order; those about the person (section 5.1) are
// there only for the groups in release.
func (s *Server) signIDToken(key *Key, a *Account, client, nonce string, release []string) (string, error) {
	now := s.config.Now()
	var w strictjson.Writer
	w.String("iss", s.config.Issuer)
	w.String("sub", a.ID)
	w.String("aud", client)
	w.Int("exp", now.Add(s.config.TokenLifetime).Unix())
	w.Int("iat", now.Unix())
	w.OptString("nonce", nonce)
	if slices.Contains(release, fieldName) {
		w.String("name", a.Name)
		w.OptString("given_name", a.GivenName)
	}
	if slices.Contains(release, fieldEmail) {
		w.String("email", a.Email)
		w.Bool("email_verified", a.EmailVerified)
	}
	if slices.Contains(release, fieldPicture) {
		w.String("picture", s.pictureURL(a.ID))
	}
	if slices.Contains(release, fieldEmail) {
		w.OptString("hd", s.hostedDomain(a))
	}
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(key.Signer(), "JWT", claims)
}
