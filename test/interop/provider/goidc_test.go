package provider

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/luikyv/go-oidc/pkg/goidc"
	"github.com/luikyv/go-oidc/pkg/provider"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// goidcProvider starts luikyv's go-oidc, with pages that ask for one press of a button.
func goidcProvider(t *testing.T, a addresses) (issuer, id, secret string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	// It does not decode what comes with Basic (RFC 6749 section 2.3.1), so a secret with
	// spaces would need TokenAuth client_secret_post.
	issuer, id, secret = "http://"+l.Addr().String(), "shop", "a-secret-of-32-characters-at-least"
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	keys := goidc.JSONWebKeySet{Keys: []goidc.JSONWebKey{{KeyID: "k1", Key: key, Algorithm: "RS256", Use: "sig"}}}
	page := func(w http.ResponseWriter, action string) goidc.Status {
		fmt.Fprintf(w, `<form method="post" action="%s%s"><button name="yes" value="yes">Yes</button></form>`, issuer, action)
		return goidc.StatusPending
	}
	scopes := []goidc.Scope{goidc.ScopeOpenID, goidc.ScopeProfile, goidc.ScopeEmail, goidc.ScopeOfflineAccess}
	ids := ""
	for _, s := range scopes {
		ids += s.ID + " "
	}
	op, err := provider.New(issuer, nil, func(context.Context) (goidc.JSONWebKeySet, error) { return keys, nil },
		provider.WithScopes(scopes...),
		provider.WithPARRequired(nil),
		provider.WithSecretBasicAuthn(),
		provider.WithIssuerResponseParameter(),
		provider.WithPKCERequired(goidc.CodeChallengeMethodSHA256),
		provider.WithAuthCodeGrant(nil, goidc.ResponseTypeCode),
		provider.WithRefreshTokenGrant(nil),
		provider.WithRefreshTokenRotation(),
		provider.WithTokenOptions(func(context.Context, *goidc.Grant, *goidc.Client) goidc.TokenOptions {
			return goidc.NewJWTTokenOptions(goidc.RS256, 20)
		}),
		provider.WithUserInfoClaims(func(context.Context, *goidc.Grant) map[string]any {
			return map[string]any{"name": "Ada Lovelace", "email": "ada@example.test", "email_verified": true}
		}),
		provider.WithPolicies(goidc.NewPolicy("button",
			func(*http.Request, *goidc.AuthnSession, *goidc.Client) bool { return true },
			func(w http.ResponseWriter, r *http.Request, s *goidc.AuthnSession, _ *goidc.Client) (goidc.Status, error) {
				if r.PostFormValue("yes") == "" {
					return page(w, "/authorize/"+s.ID+"/login"), nil
				}
				s.Subject, s.GrantedScopes = "ada", s.Scopes
				return goidc.StatusSuccess, nil
			})),
		provider.WithLogout(nil, func(w http.ResponseWriter, _ *http.Request, _ *goidc.LogoutSession) error {
			_, err := fmt.Fprint(w, "Signed out.")
			return err
		}),
		provider.WithLogoutPolicies(goidc.NewLogoutPolicy("button",
			func(*http.Request, *goidc.LogoutSession) bool { return true },
			func(w http.ResponseWriter, r *http.Request, s *goidc.LogoutSession) (goidc.Status, error) {
				if r.PostFormValue("yes") == "" {
					return page(w, "/logout/"+s.ID), nil
				}
				return goidc.StatusSuccess, nil
			})),
		provider.WithErrorHandler(func(_ context.Context, err error) { t.Log("go-oidc: ", err) }),
		provider.WithStaticClients(&goidc.Client{ID: id, Secret: secret, ClientMeta: goidc.ClientMeta{
			RedirectURIs: []string{a.redirect}, PostLogoutRedirectURIs: []string{a.signedOut}, ScopeIDs: ids,
			GrantTypes:       []goidc.GrantType{goidc.GrantAuthorizationCode, goidc.GrantRefreshToken},
			ResponseTypes:    []goidc.ResponseType{goidc.ResponseTypeCode},
			TokenAuthnMethod: goidc.AuthnMethodSecretBasic,
		}}),
	)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: op.Handler()}}
	server.Start()
	t.Cleanup(server.Close)
	return issuer, id, secret
}

func TestAtGoIDC(t *testing.T) {
	var issuer string
	s := newSite(t, func(a addresses) (string, string, string) {
		i, id, secret := goidcProvider(t, a)
		issuer = i
		return i, id, secret
	}, func(p *rpserver.Provider) { p.Offline = true })
	ada := s.browser()
	ada.signIn()
	s.known()
	s.callsAPIs(issuer+"/userinfo", 0)
	ada.signOut()
}
