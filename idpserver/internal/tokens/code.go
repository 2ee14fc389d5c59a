package tokens

import (
	"context"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// codeData is what an authorization code stands for.
type codeData struct {
	client, redirectURI, challenge, nonce, scope string
	fields                                       []string
	signedIn                                     int64 // Unix seconds: auth_time
}

// JSON is the stored form.
func (d codeData) JSON() ([]byte, error) {
	var w strictjson.Writer
	w.String("client", d.client)
	w.String("redirect_uri", d.redirectURI)
	w.String("challenge", d.challenge)
	w.String("nonce", d.nonce)
	w.String("scope", d.scope)
	w.Strings("fields", d.fields)
	w.Int("signed_in", d.signedIn)
	return w.Bytes()
}

func parseCodeData(b []byte) (d codeData, err error) {
	v, err := strictjson.Parse(b, strictjson.Limits{})
	if err != nil {
		return d, err
	}
	ok := true
	for name, to := range map[string]*string{
		"client": &d.client, "redirect_uri": &d.redirectURI, "challenge": &d.challenge, "nonce": &d.nonce, "scope": &d.scope,
	} {
		text, is := v.Get(name).Text()
		*to, ok = text, ok && is
	}
	fields, is := v.Get("fields").Strings()
	at, isTime := v.Get("signed_in").Int()
	d.fields, d.signedIn = fields, at
	if !ok || !is || !isTime {
		return d, errors.New("tokens: a stored code cannot be read")
	}
	return d, nil
}

func (t *Tokens) putCode(ctx context.Context, a Authorization, release []string) (string, error) {
	data, err := codeData{
		client: a.Client.ID, redirectURI: a.Code.RedirectURI, challenge: a.Code.Challenge, nonce: a.Nonce,
		scope: a.Code.Scope, fields: release, signedIn: a.SignedIn.Unix(),
	}.JSON()
	if err != nil {
		return "", err
	}
	code := secret.New()
	return code, t.c.Store.PutCode(ctx, directory.Code{
		Purpose: directory.CodeAuthorization, Hash: secret.Hash(code), Account: a.Account.ID, Data: data,
		Expires: t.c.Now().Add(t.c.CodeLifetime),
	})
}

// ErrInvalidGrant refuses a code: it is unknown, used already, too old, or was made
// for another client, redirect URI or code verifier.
var ErrInvalidGrant = errors.New("tokens: the code buys nothing")

// Bought is what a code is worth.
type Bought struct {
	IDToken, AccessToken, Scope string
	Lifetime                    time.Duration
}

// Exchange takes a code, in one statement, before it looks at anything else about
// it: whoever shows a code has used it up, with a right verifier or a wrong one.
func (t *Tokens) Exchange(ctx context.Context, client *directory.Client, code, redirectURI, verifier string) (*Bought, error) {
	c, err := t.c.Store.TakeCode(ctx, directory.CodeAuthorization, secret.Hash(code), t.c.Now())
	if errors.Is(err, directory.ErrNotFound) {
		return nil, ErrInvalidGrant
	}
	if err != nil {
		return nil, err
	}
	d, err := parseCodeData(c.Data)
	if err != nil {
		return nil, err
	}
	if d.client != client.ID || d.redirectURI != redirectURI || oidc.CheckVerifier(verifier, d.challenge) != nil {
		return nil, ErrInvalidGrant
	}
	// Whoever disconnected the site in this minute gave it nothing.
	if _, ok, err := t.Granted(ctx, c.Account, client.ID); err != nil {
		return nil, err
	} else if !ok {
		return nil, ErrInvalidGrant
	}
	account, err := t.c.Store.Account(ctx, c.Account)
	if errors.Is(err, directory.ErrNotFound) {
		return nil, ErrInvalidGrant
	}
	if err != nil {
		return nil, err
	}
	signer, err := t.signer(ctx, client)
	if err != nil {
		return nil, err
	}
	// RFC 6749 section 5.1 wants an access token in every answer. No endpoint here
	// takes one: all that a client learns is in the ID token.
	access := secret.New()
	token, err := t.sign(signer, account, idToken{
		client: client.ID, nonce: d.nonce, release: d.fields,
		signedIn: d.signedIn, accessTokenHash: oidc.AccessTokenHash(signer.Algorithm(), access),
	})
	if err != nil {
		return nil, err
	}
	t.c.Log.InfoContext(ctx, "ID token issued", "account", account.ID, "client", client.ID, "by", "code")
	return &Bought{IDToken: token, AccessToken: access, Scope: d.scope, Lifetime: t.c.TokenLifetime}, nil
}
