package idptest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// The example is a test of an application; t is its *testing.T.
func Example() {
	test := func(t testing.TB) {
		idp := idptest.New(t)
		site := newSite(t, idp.Issuer, idp.ClientID, idp.ClientSecret)
		idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace Hopper"})

		jar, _ := cookiejar.New(nil)
		browser := &http.Client{Jar: jar}
		res, err := browser.Get(site + "/auth/signin/start?return=/hello")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		page, _ := io.ReadAll(res.Body)
		fmt.Println(string(page))
		fmt.Println("mistakes:", len(idp.Mistakes()), "pending:", idp.Pending())
	}
	run(test)
	// Output:
	// Hello, Grace Hopper.
	// mistakes: 0 pending: 0
}

// newSite is the application: it greets whoever is signed in.
func newSite(t testing.TB, issuer, clientID, clientSecret string) string {
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	t.Cleanup(site.Close)
	auth, err := rpserver.New(rpserver.Config{
		Origin: site.URL, Prefix: "/auth", Store: new(rpmem.Store),
		Providers: []rpserver.Provider{{Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("/hello", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		fmt.Fprintf(w, "Hello, %s.", user.Name)
	})))
	return site.URL
}

// run gives an example what it needs of a test: an example has none of its own.
func run(test func(testing.TB)) {
	t := &exampleT{}
	defer func() {
		for i := len(t.cleanups) - 1; i >= 0; i-- {
			t.cleanups[i]()
		}
	}()
	test(t)
}

type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()                   {}
func (t *exampleT) Cleanup(f func())          { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatal(a ...any)            { panic(fmt.Sprint(a...)) }
func (t *exampleT) Fatalf(s string, a ...any) { panic(fmt.Sprintf(s, a...)) }
