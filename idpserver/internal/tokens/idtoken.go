package tokens

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// idToken says for whom an ID token is and what it tells.
type idToken struct {
	client          *directory.Client
	nonce           string
	claims          []string // about the person
	scopes          []string // for the operator's own claims
	sid             string   // may be empty
	signedIn        int64    // auth_time in Unix seconds; 0: left out
	amr             []string
	accessTokenHash string // at_hash; empty: no access token comes with it
}

// acr says how sure the provider is (OpenID Connect Core 1.0 section 2): nothing more
// than that somebody knew the password.
const acr = "0"

// sign writes and signs an ID token (OpenID Connect Core 1.0 section 2). The
// claims stand in a fixed order; those about the person (section 5.1) are there
// only as f has them.
func (t *Tokens) sign(ctx context.Context, signer jws.Signer, a *directory.Account, f idToken) (string, error) {
	now := t.c.Now()
	var w strictjson.Writer
	w.String("iss", t.c.Issuer)
	w.String("sub", a.ID)
	w.String("aud", f.client.ID)
	w.Int("exp", now.Add(t.c.TokenLifetime).Unix())
	w.Int("iat", now.Unix())
	if f.signedIn != 0 {
		w.Int("auth_time", f.signedIn)
	}
	w.OptString("nonce", f.nonce)
	w.OptString("at_hash", f.accessTokenHash)
	w.OptString("sid", f.sid)
	if slices.Contains(f.claims, "acr") {
		w.String("acr", acr)
	}
	if len(f.amr) > 0 {
		w.Strings("amr", f.amr)
	}
	t.writePerson(&w, a, f.client.ID, f.claims)
	if err := t.writeOwn(ctx, &w, a, f.client, f.scopes); err != nil {
		return "", err
	}
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(signer, "JWT", claims)
}

// sessionID is the sid of a client's tokens in one sign-in (OpenID Connect Back-Channel
// Logout 1.0 section 2.1). Two clients that lay theirs side by side find nobody by it:
// the id of the sign-in is random and leaves the provider nowhere.
func sessionID(s directory.SignIn, c *directory.Client) string {
	if s.ID == "" {
		return ""
	}
	sum := sha256.Sum256([]byte("sid\x00" + s.ID + "\x00" + c.ID))
	return base64.RawURLEncoding.EncodeToString(sum[:16])
}
