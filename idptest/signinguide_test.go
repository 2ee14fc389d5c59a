package idptest_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
	"github.com/bonafides-dev/bonafides/store/rpstore"
)

// The code of docs/signin.md. TestTheGuideShowsCodeThatIsCompiled holds the two together.

func guideSite(origin, issuer, clientID, clientSecret string, store rpserver.Store, secrets [][]byte, api string) (http.Handler, error) {
	auth, err := rpserver.New(rpserver.Config{
		Origin: origin, // "https://shop.example"
		Prefix: "/auth",
		Store:  store,
		Providers: []rpserver.Provider{{
			Issuer: issuer, ClientID: clientID, ClientSecret: clientSecret,
			Offline: true, // for TokenSource: a refresh token too
		}},
		Secrets: secrets, // the newest first
		Log:     slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", auth))
	mux.Handle("GET /orders", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := auth.User(r)
		fmt.Fprintf(w, "The orders of %s.", user.ID)
	})))

	mux.Handle("GET /calendar", auth.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		signIn, ok := auth.SignedIn(r)
		if !ok {
			http.Error(w, "Sign in first.", http.StatusUnauthorized)
			return
		}
		token, err := auth.TokenSource(signIn).Token(r.Context())
		if errors.Is(err, rpserver.ErrAskAgain) {
			http.Redirect(w, r, "/auth/signin/start?return=/calendar", http.StatusSeeOther)
			return
		}
		if err != nil {
			http.Error(w, "The calendar is away. Try again later.", http.StatusServiceUnavailable)
			return
		}
		call, err := http.NewRequestWithContext(r.Context(), http.MethodGet, api, nil)
		if err != nil {
			http.Error(w, "The calendar is away.", http.StatusInternalServerError)
			return
		}
		call.Header.Set("Authorization", "Bearer "+token.Value)
		answer, err := http.DefaultClient.Do(call)
		if err != nil {
			http.Error(w, "The calendar is away. Try again later.", http.StatusBadGateway)
			return
		}
		defer answer.Body.Close()
		_, _ = io.Copy(w, answer.Body)
	})))

	mux.Handle("GET /pay", auth.RequireFresh(5*time.Minute, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "Press to pay.")
	})))
	return mux, nil
}

func guideStores(ctx context.Context, databaseURL string) {
	_, _ = rpstore.OpenSQLite("shop.db")
	_, _ = rpstore.OpenPostgres(ctx, databaseURL)
}

var _ = guideStores // compiled is enough: store/rpstore has its tests

func guideProviders(googleSecret, entraSecret string, p8 []byte) ([]rpserver.Provider, error) {
	google := provider.Google("1234.apps.googleusercontent.com", googleSecret)
	google.CredentialPost = true // Google's own button may post to /auth/signin/credential/NAME
	entra := provider.Entra("tenant-id", "client-id", entraSecret)
	apple, err := provider.Apple("com.example.shop", provider.AppleKey{TeamID: "TEAM123456", KeyID: "KEY1234567", PEM: p8})
	if err != nil {
		return nil, err
	}
	return []rpserver.Provider{google, entra, apple}, nil
}

// invited is a UserStore that turns strangers away.
type invited struct {
	rpserver.Store // whole, for linking needs an IdentityStore too
	domain         string
}

var _ rpserver.IdentityStore = invited{}

func (s invited) SignIn(ctx context.Context, id rpserver.Identity, now time.Time) (*rpserver.User, bool, error) {
	if id.HostedDomain != s.domain {
		return nil, false, rpserver.Refuse("not_invited", "This site is for our own people. Sign in with your account at work.")
	}
	return s.Store.SignIn(ctx, id, now)
}

func guideMachines(deploy http.Handler) (http.Handler, error) {
	verifier, err := provider.NewVerifier(provider.GitHubActions("https://shop.example", "octo-org/shop",
		oidc.ClaimMatch{Name: "ref", Values: []string{"refs/heads/main"}}))
	if err != nil {
		return nil, err
	}
	return verifier.RequireToken(deploy), nil
}

func TestTheGuidesSiteWorks(t *testing.T) {
	idp := idptest.New(t)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.HasPrefix(r.Header.Get("Authorization"), "Bearer "))
	}))
	t.Cleanup(api.Close)
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	site, err := guideSite(s.URL, idp.Issuer, idp.ClientID, idp.ClientSecret, new(rpmem.Store), nil, api.URL)
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/", site)
	idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace"})
	browser := newBrowser()
	if got := read(t, browser, s.URL+"/auth/signin/start?return=/orders"); !strings.HasPrefix(got, "The orders of ") {
		t.Errorf("/orders: %s", got)
	}
	if got := read(t, browser, s.URL+"/calendar"); got != "true" {
		t.Errorf("/calendar: %s", got)
	}
	// What the guide says of links in mails, a fresh sign-in, scripts and both sign-outs.
	ask := func(method, path, accept, from string) (status int, page string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", accept)
		r.Header.Set("Sec-Fetch-Site", from)
		if method == http.MethodPost {
			r.Header.Set("Origin", s.URL)
		}
		res, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(b)
	}
	if status, page := ask("GET", "/pay", "text/html", "same-origin"); page != "Press to pay." {
		t.Errorf("/pay: %d %s", status, page)
	}
	// The answer is a page that goes on to the provider: a redirect would fall under form-action.
	if status, page := ask("POST", "/auth/signout?at=provider&return=/", "text/html", "same-origin"); !strings.Contains(page, idp.URL(idptest.EndSession)) {
		t.Errorf("sign-out at the provider: %d %s", status, page)
	}
	if status, page := ask("GET", "/orders", "application/json", "same-origin"); status != http.StatusForbidden || !strings.Contains(page, "sign_in_required") {
		t.Errorf("a script, signed out: %d %s", status, page)
	}
	idp.SignsIn(idptest.Person{Subject: "grace", Name: "Grace"})
	if status, page := ask("GET", "/orders", "text/html", "cross-site"); !strings.HasPrefix(page, "The orders of ") {
		t.Errorf("by a link in a mail: %d %s", status, page)
	}
	if m := idp.Mistakes(); len(m) > 0 {
		t.Error(m)
	}
}

func TestTheGuidesPresetsAndMachines(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	providers, err := guideProviders("secret", "secret", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := rpserver.New(rpserver.Config{Origin: "https://shop.example", Store: new(rpmem.Store), Providers: providers}); err != nil {
		t.Error(err)
	}
	deploy, err := guideMachines(http.NotFoundHandler())
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if deploy.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/deploy", nil)); w.Code != http.StatusUnauthorized {
		t.Errorf("a machine without a token: %d %s", w.Code, w.Body)
	}
}

func TestTheGuidesStoreTurnsStrangersAway(t *testing.T) {
	store := invited{new(rpmem.Store), "shop.example"}
	for domain, ok := range map[string]bool{"shop.example": true, "other.example": false, "": false} {
		_, _, err := store.SignIn(t.Context(), rpserver.Identity{Issuer: "https://idp.example", Subject: "1", HostedDomain: domain}, time.Now())
		if (err == nil) != ok {
			t.Errorf("%q: %v", domain, err)
		}
	}
}

// Every line of Go in the guide stands in this file, which is compiled.
func TestTheGuideShowsCodeThatIsCompiled(t *testing.T) {
	guide, source := contents(t, "../docs/signin.md"), contents(t, "signinguide_test.go")
	code := flat(source)
	blocks := strings.Split(guide, "```go\n")[1:]
	if len(blocks) < 5 {
		t.Fatalf("%d blocks of Go in the guide", len(blocks))
	}
	for _, b := range blocks {
		b, _, _ = strings.Cut(b, "```")
		if !strings.Contains(code, flat(b)) {
			t.Errorf("in no function of this file:\n%s", b)
		}
	}
}

func contents(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// flat is text with its lines as they are, without indentation and empty lines.
func flat(text string) string {
	var lines []string
	for l := range strings.Lines(text) {
		if l = strings.TrimSpace(l); l != "" {
			lines = append(lines, l)
		}
	}
	return strings.Join(lines, "\n")
}
