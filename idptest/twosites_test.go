package idptest_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// member is a site that says who is signed in, and where the provider tells it of a sign-out.
func member(t *testing.T, p rpserver.Provider) (site, logout string) {
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	auth, err := rpserver.New(rpserver.Config{Origin: s.URL, Store: new(rpmem.Store), Providers: []rpserver.Provider{p}})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", auth)
	mux.HandleFunc("GET /who", func(w http.ResponseWriter, r *http.Request) {
		if u, ok := auth.User(r); ok {
			_, _ = w.Write([]byte(u.Name))
			return
		}
		_, _ = w.Write([]byte("nobody"))
	})
	return s.URL, auth.BackChannelLogoutURIs()[0]
}

// A person who signs out at the provider is signed out at each of its sites, whichever of
// them they came to last.
func TestAPersonSignsOutAtTwoSites(t *testing.T) {
	grace := idptest.Person{Subject: "grace", Name: "Grace"}
	idp := idptest.New(t, idptest.WithPerson(grace))
	shop, shopLogout := member(t, rpserver.Provider{Issuer: idp.Issuer, ClientID: idp.ClientID, ClientSecret: idp.ClientSecret})
	club, clubLogout := member(t, rpserver.Provider{Issuer: idp.Issuer, ClientID: "club", ClientSecret: "the secret of the club"})
	idp.Register(idptest.Client{ID: "club", Secret: "the secret of the club", BackChannelLogoutURI: clubLogout})
	browser := newBrowser()
	for _, site := range []string{shop, club} {
		if got := read(t, browser, site+"/signin/start?return=/who"); got != "Grace" {
			t.Fatal(got)
		}
	}
	for _, uri := range []string{shopLogout, clubLogout} {
		if err := idp.BackChannelLogout(t.Context(), uri, grace); err != nil {
			t.Error(err)
		}
	}
	for _, site := range []string{shop, club} {
		if got := read(t, browser, site+"/who"); got != "nobody" {
			t.Errorf("%s is signed in at %s", got, site)
		}
	}
}
