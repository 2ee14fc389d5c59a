package idptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// A site by package rpserver, which greets whoever is signed in. t is the test's own
// *testing.T.
func Example() {
	t, end := exampleTest()
	defer end()

	idp := idptest.New(t)
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	defer site.Close()
	auth, err := rpserver.New(rpserver.Config{
		Origin: site.URL, Prefix: "/auth", Store: new(rpmem.Store), Now: idp.Now,
		Providers: []rpserver.Provider{{Issuer: idp.Issuer, ClientID: idp.ClientID, ClientSecret: idp.ClientSecret}},
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("/hello", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		fmt.Fprintf(w, "Hello, %s.", user.Name)
	})))

	idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace Hopper"})
	fmt.Println(read(t, newBrowser(), site.URL+"/auth/signin/start?return=/hello"))
	fmt.Println("mistakes:", len(idp.Mistakes()))
	// Output:
	// Hello, Grace Hopper.
	// mistakes: 0
}

// Any client will do. This one is net/http alone, and it forgets PKCE.
func ExampleProvider_Mistakes() {
	t, end := exampleTest()
	defer end()

	idp := idptest.New(t)
	idp.SignsIn(idptest.Person{Subject: "grace"})
	browser := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := browser.Get(idp.URL(idptest.Authorization) + "?" + url.Values{
		"response_type": {"code"}, "client_id": {idp.ClientID}, "redirect_uri": {"http://127.0.0.1/callback"},
		"scope": {"openid"}, "state": {oidc.NewRandom()}, "nonce": {oidc.NewRandom()},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	back, err := res.Location()
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(back.Query().Get("error"))
	fmt.Println(idp.Mistakes()[0].Endpoint, "pending:", idp.Pending())
	// Output:
	// invalid_request
	// /authorize pending: 1
}

// A provider that takes client_secret_post alone and whose keys have a sign byte.
func ExampleProvider_Quirk() {
	t, end := exampleTest()
	defer end()

	idp := idptest.New(t)
	idp.Quirk(func(q *idptest.Quirks) {
		q.Endpoints.PostOnly = true
		q.Keys.SignedNumbers = true
	})
	res, err := http.Get(idp.DiscoveryURL())
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var document struct {
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := json.NewDecoder(res.Body).Decode(&document); err != nil {
		t.Fatal(err)
	}
	fmt.Println(document.Methods)
	// Output: [client_secret_post]
}

// exampleTest stands for a *testing.T, which an example has not.
func exampleTest() (t testing.TB, end func()) {
	e := &exampleT{}
	return e, func() {
		for i := len(e.cleanups) - 1; i >= 0; i-- {
			e.cleanups[i]()
		}
	}
}

type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()          {}
func (t *exampleT) Log(a ...any)     { fmt.Println(a...) }
func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatal(a ...any) {
	fmt.Println(a...)
	os.Exit(1)
}
func (t *exampleT) Fatalf(format string, a ...any) { t.Fatal(fmt.Sprintf(format, a...)) }
