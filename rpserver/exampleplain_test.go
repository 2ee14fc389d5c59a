package rpserver_test

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"time"

	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// A site whose provider has no FedCM, mounted below a prefix.
func Example_withoutFedCM() {
	provider := newPlainProvider() // any OpenID Provider
	defer provider.Close()
	mux := http.NewServeMux()
	site := httptest.NewServer(mux)
	defer site.Close()

	auth, err := rpserver.New(rpserver.Config{
		Origin: site.URL, // "https://shop.example"
		Prefix: "/auth",
		Store:  new(rpmem.Store), // or rpstore.OpenSQLite("shop.db")
		Providers: []rpserver.Provider{{
			Issuer:   provider.URL, // "https://idp.example"
			ClientID: "shop", ClientSecret: "what the provider gave",
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("/orders", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		fmt.Fprintf(w, "The orders of %s.", html.EscapeString(user.Name))
	})))

	// A person opens a page, is sent to the provider to sign in, and comes back.
	browser := newBrowser()
	fmt.Println(browser(site.URL + "/orders"))
	// Output:
	// 200 The orders of Ada.
}

// newBrowser returns what opens an address and follows where it leads.
func newBrowser() func(address string) (status int, page string) {
	jar, _ := cookiejar.New(nil)
	client := &http.Client{Jar: jar}
	return func(address string) (int, string) {
		r, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return 0, err.Error()
		}
		r.Header.Set("Accept", "text/html")
		res, err := client.Do(r)
		if err != nil {
			return 0, err.Error()
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, string(b)
	}
}

// newPlainProvider is a provider as most are: discovery, keys, the code flow. Ada is
// signed in there and agrees to everything.
func newPlainProvider() *httptest.Server {
	key := testKeys().es256
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	nonces := map[string]string{} // by code
	answer := func(w http.ResponseWriter, v any) { _ = json.NewEncoder(w).Encode(v) }
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys"})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		set, _ := jose.PublicSet(key)
		_, _ = w.Write(set)
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		code := fmt.Sprint("code-", len(nonces))
		nonces[code] = q.Get("nonce")
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"code": {code}, "state": {q.Get("state")}}.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		now := time.Now().Unix()
		payload, _ := json.Marshal(claims{"iss": s.URL, "aud": "shop", "sub": "ada", "name": "Ada", "nonce": nonces[r.FormValue("code")], "iat": now, "exp": now + 60})
		token, _ := jws.Sign(key.Signer(), "JWT", payload)
		answer(w, map[string]any{"access_token": "a", "token_type": "Bearer", "id_token": token})
	})
	return s
}
