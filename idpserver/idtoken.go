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

// idTokenFor says for whom an ID token is and what it tells.
type idTokenFor struct {
	client, nonce   string
	release         []string // groups of claims about the person
	signedIn        int64    // auth_time in Unix seconds; 0: left out
	accessTokenHash string   // at_hash; empty: no access token comes with it
}

// signIDToken writes and signs an ID token (OpenID Connect Core 1.0 section 2).
// The claims stand in a fixed order; those about the person (section 5.1) are
// there only for the groups in release.
func (s *Server) signIDToken(key *Key, a *Account, f idTokenFor) (string, error) {
	now := s.config.Now()
	var w strictjson.Writer
	w.String("iss", s.config.Issuer)
	w.String("sub", a.ID)
	w.String("aud", f.client)
	w.Int("exp", now.Add(s.config.TokenLifetime).Unix())
	w.Int("iat", now.Unix())
	if f.signedIn != 0 {
		w.Int("auth_time", f.signedIn)
	}
	w.OptString("nonce", f.nonce)
	w.OptString("at_hash", f.accessTokenHash)
	if slices.Contains(f.release, fieldName) {
		w.String("name", a.Name)
		w.OptString("given_name", a.GivenName)
	}
	if slices.Contains(f.release, fieldEmail) {
		w.String("email", a.Email)
		w.Bool("email_verified", a.EmailVerified)
	}
	if slices.Contains(f.release, fieldPicture) {
		w.String("picture", s.pictureURL(a.ID))
	}
	if slices.Contains(f.release, fieldEmail) {
		w.OptString("hd", s.hostedDomain(a))
	}
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(key.Signer(), "JWT", claims)
}
