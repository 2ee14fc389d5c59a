// Package signin lets other people's relying parties sign in at the kit's providers.
package signin

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

const callback = "http://site.example/callback"

// The provider for tests is one for go-oidc and x/oauth2 too, with every algorithm that
// both have, and they make no mistake that it knows of.
func TestGoOIDCSignsInAtTheProviderForTests(t *testing.T) {
	for _, a := range []jws.Algorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		t.Run(string(a), func(t *testing.T) {
			ctx := context.Background()
			idp := idptest.New(t, idptest.WithAlgorithm(a))
			idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace Hopper", Email: "grace@example.test", EmailVerified: true})
			provider, err := oidc.NewProvider(ctx, idp.Issuer)
			if err != nil {
				t.Fatal(err)
			}
			client := &oauth2.Config{
				ClientID: idp.ClientID, ClientSecret: idp.ClientSecret, Endpoint: provider.Endpoint(), RedirectURL: callback,
				Scopes: []string{oidc.ScopeOpenID, "profile", "email", oidc.ScopeOfflineAccess},
			}
			verifier := oauth2.GenerateVerifier()
			back := answer(t, client.AuthCodeURL("the-state", oidc.Nonce("the-nonce"), oauth2.S256ChallengeOption(verifier)))
			if back.Get("state") != "the-state" || back.Get("iss") != idp.Issuer {
				t.Fatalf("answer: %v", back)
			}
			tokens, err := client.Exchange(ctx, back.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			id := verify(t, provider, tokens, idp.ClientID)
			if id.Subject != "grace" || id.Nonce != "the-nonce" {
				t.Errorf("ID token: %+v", id)
			}
			if err := id.VerifyAccessToken(tokens.AccessToken); err != nil {
				t.Error(err)
			}
			info, err := provider.UserInfo(ctx, client.TokenSource(ctx, tokens))
			if err != nil {
				t.Fatal(err)
			}
			if info.Subject != "grace" || info.Email != "grace@example.test" || !info.EmailVerified {
				t.Errorf("userinfo: %+v", info)
			}
			again, err := client.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
			if err != nil {
				t.Fatal(err)
			}
			if again.RefreshToken == tokens.RefreshToken || verify(t, provider, again, idp.ClientID).Subject != "grace" {
				t.Errorf("refreshed: %+v", again)
			}
			if m := idp.Mistakes(); len(m) > 0 {
				t.Error(m)
			}
		})
	}
}

// What an attacker does, somebody else's relying party refuses too.
func TestGoOIDCRefusesWhatHasToBeRefused(t *testing.T) {
	for name, q := range map[string]idptest.TokenQuirks{
		"none":        {Unsigned: true},
		"HMAC":        {HMAC: true},
		"signature":   {BrokenSignature: true},
		"unknown key": {UnknownKey: true},
		"foreign key": {ForeignKey: true},
		"issuer":      {WrongIssuer: true},
		"audience":    {WrongAudience: true},
		"expired":     {Expired: true},
	} {
		t.Run(name, func(t *testing.T) {
			idp := idptest.New(t)
			provider, err := oidc.NewProvider(context.Background(), idp.Issuer)
			if err != nil {
				t.Fatal(err)
			}
			v := provider.Verifier(&oidc.Config{ClientID: idp.ClientID})
			ada := idptest.Person{Subject: "ada"}
			if _, err := v.Verify(context.Background(), idp.Token(ada, "n", nil)); err != nil {
				t.Fatal(err)
			}
			idp.Set(idptest.Quirks{Token: q})
			if id, err := v.Verify(context.Background(), idp.Token(ada, "n", nil)); err == nil {
				t.Errorf("accepted: %+v", id)
			}
		})
	}
}

// answer is where the browser is sent back to.
func answer(t *testing.T, to string) url.Values {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	query, ok := strings.CutPrefix(res.Header.Get("Location"), callback+"?")
	if !ok {
		t.Fatalf("%d %q", res.StatusCode, res.Header.Get("Location"))
	}
	back, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	return back
}

func verify(t *testing.T, provider *oidc.Provider, tokens *oauth2.Token, clientID string) *oidc.IDToken {
	t.Helper()
	text, _ := tokens.Extra("id_token").(string)
	id, err := provider.Verifier(&oidc.Config{ClientID: clientID}).Verify(context.Background(), text)
	if err != nil {
		t.Fatal(err)
	}
	return id
}
