package provider

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

// The kit's own provider is held to what the others are held to.
func TestAtOurOwnProvider(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	issuer := "http://" + l.Addr().String()
	text, err := idpserver.GenerateKeys(jws.RS256, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := idpserver.ParseKeys(text)
	if err != nil {
		t.Fatal(err)
	}
	const secret = "a secret of 32 characters at least"
	var log lines
	s := newSite(t, func(a addresses) (string, string, string) {
		clients, err := directory.StaticClients(directory.Client{
			ID: "shop", Name: "Shop", Origins: []string{"https://shop.example"}, SecretHash: directory.HashClientSecret(secret),
			RedirectURIs: []string{a.redirect}, PostLogoutRedirectURIs: []string{a.signedOut}, BackChannelLogoutURI: a.backChannel,
			ClaimsAtUserinfo: true,
		})
		if err != nil {
			t.Fatal(err)
		}
		store := new(idpmem.Store)
		p, err := idpserver.New(idpserver.Config{
			Issuer: issuer, Store: store, Clients: clients, Keys: keys, AccessTokenLifetime: 20 * time.Second,
			Mailer: idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return nil }),
			Log:    slog.New(slog.NewTextHandler(&log, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		// The tests' person is called ada everywhere; the provider gives out names of its own.
		made, err := p.CreateAccount(t.Context(), idpserver.NewAccount{Email: "model@example.test", Name: "Ada Lovelace", Password: typed["password"]})
		if err != nil {
			t.Fatal(err)
		}
		ada := *made
		ada.ID, ada.Email, ada.EmailVerified = "ada", typed["email"], true
		if err := store.CreateAccount(t.Context(), ada); err != nil {
			t.Fatal(err)
		}
		server := &httptest.Server{Listener: l, Config: &http.Server{Handler: p}}
		server.Start()
		t.Cleanup(server.Close)
		return issuer, "shop", secret
	}, offlineAsked)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the provider's log:\n%s", &log)
		}
	})

	ada := s.browser()
	ada.signIn()
	s.known()
	s.callsAPIs(issuer+"/userinfo", 0)
	ada.signOut()

	// Signed out at the provider itself, which asks and tells the site.
	ada.signIn()
	elsewhere := s.browser()
	elsewhere.signIn()
	ada.open(issuer + "/end_session")
	for i := 0; ada.who() != "nobody"; i++ { // nobody waits for the telling
		if i == 500 {
			t.Fatalf("signed out at the provider, and here still somebody\n%s", &s.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
	if who := elsewhere.who(); who != "ada" {
		t.Errorf("in a session that did not end: %s", who)
	}
}
