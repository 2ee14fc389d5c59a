package rpserver_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

func TestTheSessionIDChangesAtSignIn(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	first := b.cookie("rp-session")
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	second := b.cookie("rp-session")
	if first == "" || second == "" || first == second {
		t.Fatal("the session id did not change")
	}
	thief := s.browser(t)
	r := thief.request("GET", "/whoami", "", "")
	r.AddCookie(&http.Cookie{Name: s.named("rp-session"), Value: first})
	if who := thief.do(r).body; who != "nobody" {
		t.Errorf("the session id from before the sign-in is %s", who)
	}
}

// A form of a page without script used to leave the person at the answer for scripts.
func TestAFormThatSignsOutGoesBackToThePage(t *testing.T) {
	s := newSite(t, nil)
	for query, want := range map[string]string{"": "/", "?return=/orders%3Fyear=2026": "/orders?year=2026"} {
		b := s.browser(t)
		b.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		if a := b.send(b.token(b.nonce())); a.status != 200 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		form := func(query string) answer {
			r := b.request("POST", "/signout"+query, "", "application/x-www-form-urlencoded")
			r.Header.Set("Accept", asBrowsersDo)
			return b.do(r)
		}
		for _, away := range []string{"?return=//evil.example", "?return=https://evil.example/", "?return=/a&return=/b", "?return=%zz"} {
			if a := form(away); a.status != http.StatusBadRequest || b.whoami() == "nobody" {
				t.Errorf("%s: %d %s, %s", away, a.status, a.body, b.whoami())
			}
		}
		if a := form(query); a.status != http.StatusSeeOther || a.header.Get("Location") != want || b.whoami() != "nobody" {
			t.Errorf("%q: %d %q, %s", query, a.status, a.header.Get("Location"), b.whoami())
		}
	}
}

func TestSignOutEndsTheSessionOnTheServer(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	session := b.cookie("rp-session")
	a := b.do(b.request("POST", "/signout", "", ""))
	if a.status != 200 || !strings.Contains(a.body, `"preventSilentAccess":true`) {
		t.Fatalf("%d %s", a.status, a.body)
	}
	if b.cookie("rp-session") != "" || b.whoami() != "nobody" {
		t.Error("still signed in")
	}
	thief := s.browser(t)
	r := thief.request("GET", "/whoami", "", "")
	r.AddCookie(&http.Cookie{Name: s.named("rp-session"), Value: session})
	if who := thief.do(r).body; who != "nobody" {
		t.Errorf("the ended session is still %s", who)
	}
	if a := b.do(b.request("POST", "/signout", "", "")); a.status != 200 {
		t.Errorf("signing out twice: %d %s", a.status, a.body)
	}
	if a := b.send(b.token(b.nonce())); a.status != 200 || a.New || b.whoami() != "ada" {
		t.Errorf("signing in again: %d %s", a.status, a.body)
	}
}

func TestAUserWhoWasDeletedIsNobody(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	s.store.Store = rpmem.New(s.clock.Now())
	if who := b.whoami(); who != "nobody" {
		t.Errorf("signed in: %s", who)
	}
}

// An application with an scs manager of its own keeps its data in the same
// session, whether LoadAndSave is around the relying party or not.
func TestTheApplicationsOwnScsSessions(t *testing.T) {
	for _, wrapped := range []bool{true, false} {
		name := map[bool]string{true: "inside LoadAndSave", false: "outside LoadAndSave"}[wrapped]
		t.Run(name, func(t *testing.T) {
			m := scs.New()
			m.Cookie.Name = "app"
			s := newSite(t, func(c *rpserver.Config) { c.Sessions = rpserver.SCS(m) })
			mux := http.NewServeMux()
			mux.Handle("/", s.Config.Handler)
			mux.HandleFunc("/cart", func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.WriteString(w, m.GetString(r.Context(), "cart"))
			})
			mux.HandleFunc("/cart/put", func(w http.ResponseWriter, r *http.Request) {
				m.Put(r.Context(), "cart", "three apples")
			})
			all := m.LoadAndSave(mux)
			inner := s.Config.Handler
			s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if wrapped || strings.HasPrefix(r.URL.Path, "/cart") {
					all.ServeHTTP(w, r)
				} else {
					inner.ServeHTTP(w, r)
				}
			})
			b := s.browser(t)
			get := func(path string) string { return b.do(b.request("GET", path, "", "")).body }
			signIn := func(sub string) {
				t.Helper()
				a := b.send(sign(t, testKeys().es256, s.idp.claims(b.nonce(), s.clock.Now()).with(claims{"sub": sub})))
				if a.status != 200 {
					t.Fatalf("%d %s", a.status, a.body)
				}
				if n := len(setCookiesNamed(a.header, "app")); n != 1 {
					t.Errorf("%d session cookies were set", n)
				}
			}
			get("/cart/put")
			before := b.cookie("app")
			signIn("ada")
			if after := b.cookie("app"); after == before || after == "" {
				t.Error("the session id did not change at sign-in")
			}
			if cart, who := get("/cart"), b.whoami(); cart != "three apples" || who != "ada" {
				t.Errorf("after the sign-in: cart %q, %s", cart, who)
			}
			signIn("grace")
			if cart, who := get("/cart"), b.whoami(); cart != "" || who != "grace" {
				t.Errorf("grace finds ada's cart: %q, %s", cart, who)
			}
			get("/cart/put")
			if a := b.do(b.request("POST", "/signout", "", "")); a.status != 200 {
				t.Errorf("%d %s", a.status, a.body)
			}
			if cart, who := get("/cart"), b.whoami(); cart != "" || who != "nobody" {
				t.Errorf("after the sign-out: cart %q, %s", cart, who)
			}
		})
	}
}

func setCookiesNamed(h http.Header, name string) (out []*http.Cookie) {
	for _, c := range (&http.Response{Header: h}).Cookies() {
		if c.Name == name {
			out = append(out, c)
		}
	}
	return out
}

func TestMiddlewareTellsWhoAsks(t *testing.T) {
	s := newSite(t, nil)
	lookups := 0
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			if u, ok := s.rp.User(r); ok {
				lookups++
				_, _ = io.WriteString(w, u.Name+";")
			}
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/", s.Config.Handler)
	mux.Handle("/open", s.rp.Middleware(page))
	mux.Handle("/closed", s.rp.RequireUser(page))
	s.Config.Handler = mux
	b := s.browser(t)
	get := func(path string) answer { return b.do(b.request("GET", path, "", "")) }
	if a := get("/open"); a.status != 200 || a.body != "" {
		t.Errorf("open to a stranger: %d %s", a.status, a.body)
	}
	if a := get("/closed"); a.status != 403 || a.code != "sign_in_required" {
		t.Errorf("closed to a stranger: %d %s", a.status, a.body)
	}
	if a := b.send(b.token(b.nonce())); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	for _, path := range []string{"/open", "/closed"} {
		a := get(path)
		if a.status != 200 || a.body != strings.Repeat("Ada Lovelace;", 3) || a.header.Get("Vary") != "Cookie" {
			t.Errorf("%s to ada: %d %s %q", path, a.status, a.body, a.header.Get("Vary"))
		}
	}
}

func TestMiddlewareDoesNotTakeABrokenStoreForAStranger(t *testing.T) {
	p := newIdP(t)
	store := &rpmem.Store{}
	rp, err := rpserver.New(rpserver.Config{
		Origin: "http://localhost:1", Providers: []rpserver.Provider{p.provider()},
		Users: store, Nonces: store, SignIns: store, Sessions: brokenSessions{},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/", nil)
	rp.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != 503 || strings.Contains(w.Body.String(), "disk") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if _, ok := rp.User(r); ok {
		t.Error("somebody is signed in")
	}
}

type brokenSessions struct{ rpserver.Sessions }

func (brokenSessions) SignInID(*http.Request) (string, error) { return "", io.ErrUnexpectedEOF }
