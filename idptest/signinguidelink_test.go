package idptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

func TestTheGuidesStoreLinksASecondProvider(t *testing.T) {
	one, two := idptest.New(t), idptest.New(t)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	store := invited{new(rpmem.Store), ""}
	auth, err := rpserver.New(rpserver.Config{Origin: s.URL, Prefix: "/auth", Store: store, Users: store, Providers: []rpserver.Provider{
		{Name: "one", Issuer: one.Issuer, ClientID: one.ClientID, ClientSecret: one.ClientSecret},
		{Name: "two", Issuer: two.Issuer, ClientID: two.ClientID, ClientSecret: two.ClientSecret},
	}})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("/identities", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		ids, err := store.Identities(r.Context(), user.ID)
		fmt.Fprint(w, len(ids), err)
	})))
	one.SignsIn(idptest.Person{Subject: "grace"})
	two.SignsIn(idptest.Person{Subject: "hopper"})
	browser := newBrowser()
	if got := read(t, browser, s.URL+"/auth/signin/start?provider=one&return=/identities"); got != "1 <nil>" {
		t.Fatalf("before: %s", got)
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/auth/signin/start?provider=two&link=1&return=/identities", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	res, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got, _ := io.ReadAll(res.Body); string(got) != "2 <nil>" {
		t.Errorf("after: %d %s", res.StatusCode, got)
	}
}
