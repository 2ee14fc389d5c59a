//go:build long

package provider

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"

	"github.com/bonafides-dev/bonafides/rpserver"
)

// zitadelStore is the store of zitadel's example, whose clients cannot come back from a
// sign-out.
type zitadelStore struct {
	*storage.Storage
	signedOut string
}

type zitadelClient struct {
	op.Client
	signedOut string
}

func (s zitadelStore) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	c, err := s.Storage.GetClientByClientID(ctx, id)
	return zitadelClient{c, s.signedOut}, err
}

func (c zitadelClient) PostLogoutRedirectURIs() []string { return []string{c.signedOut} }

type oneUser struct{ storage.User }

func (u *oneUser) GetUserByID(id string) *storage.User {
	if id != u.ID {
		return nil
	}
	return &u.User
}

func (u *oneUser) GetUserByUsername(name string) *storage.User {
	if name != u.Username {
		return nil
	}
	return &u.User
}

func (u *oneUser) ExampleClientID() string { return "service" }

func zitadel(t *testing.T, a addresses) (issuer, id, secret string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer, id, secret = "http://"+l.Addr().String(), "shop", "a-secret"
	storage.RegisterClients(storage.WebClient(id, secret, a.redirect))
	store := zitadelStore{storage.NewStorage(&oneUser{storage.User{
		ID: "ada", Username: "ada", Password: "anything", FirstName: "Ada", LastName: "Lovelace",
		Email: "ada@example.test", EmailVerified: true, PreferredLanguage: language.English,
	}}), a.signedOut}
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: exampleop.SetupServer(issuer, store, slog.New(slog.DiscardHandler), false)}}
	server.Start()
	t.Cleanup(server.Close)
	return issuer, id, secret
}

func TestLongAtZitadel(t *testing.T) {
	var issuer string
	s := newSite(t, func(a addresses) (string, string, string) {
		i, id, secret := zitadel(t, a)
		issuer = i
		return i, id, secret
	}, func(p *rpserver.Provider) { p.Offline = true })
	ada := s.browser()
	ada.signIn()
	s.known()
	s.callsAPIs(issuer+"/userinfo", 5*time.Minute)
	ada.signOut()
}
