package tokens

import (
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// idToken says for whom an ID token is and what it tells.
type idToken struct {
	client, nonce   string
	release         []string // groups of claims about the person
	signedIn        int64    // auth_time in Unix seconds; 0: left out
	accessTokenHash string   // at_hash; empty: no access token comes with it
}

// sign writes and signs an ID token (OpenID Connect Core 1.0 section 2). The
// claims stand in a fixed order; those about the person (section 5.1) are there
// only for the groups in release.
func (t *Tokens) sign(signer jws.Signer, a *directory.Account, f idToken) (string, error) {
	now := t.c.Now()
	var w strictjson.Writer
	w.String("iss", t.c.Issuer)
	w.String("sub", a.ID)
	w.String("aud", f.client)
	w.Int("exp", now.Add(t.c.TokenLifetime).Unix())
	w.Int("iat", now.Unix())
	if f.signedIn != 0 {
		w.Int("auth_time", f.signedIn)
	}
	w.OptString("nonce", f.nonce)
	w.OptString("at_hash", f.accessTokenHash)
	if slices.Contains(f.release, FieldName) {
		w.String("name", a.Name)
		w.OptString("given_name", a.GivenName)
	}
	if slices.Contains(f.release, FieldEmail) {
		w.String("email", a.Email)
		w.Bool("email_verified", a.EmailVerified)
	}
	if slices.Contains(f.release, FieldPicture) {
		w.String("picture", t.c.People.PictureURLFor(a.ID, f.client))
	}
	if slices.Contains(f.release, FieldEmail) {
		w.OptString("hd", t.c.People.HostedDomain(a))
	}
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(signer, "JWT", claims)
}
