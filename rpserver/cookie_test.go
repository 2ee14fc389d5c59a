package rpserver_test

import (
	"bytes"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

func setCookies(header http.Header) map[string]*http.Cookie {
	out := map[string]*http.Cookie{}
	for _, c := range (&http.Response{Header: header}).Cookies() {
		out[c.Name] = c
	}
	return out
}

func TestCookiesFitTheOrigin(t *testing.T) {
	for _, c := range []struct {
		origin, browser, session string
		secure                   bool
	}{
		{"https://shop.example", "__Host-rp-browser", "__Host-rp-session", true},
		{"http://shop.localhost:8080", "rp-browser-8080", "rp-session-8080", false},
		{"https://shop.example:8443", "__Host-rp-browser-8443", "__Host-rp-session-8443", true},
	} {
		t.Run(c.origin, func(t *testing.T) {
			p := newIdP(t)
			store := &rpmem.Store{}
			rp, err := rpserver.New(rpserver.Config{
				Origin: c.origin, Providers: []rpserver.Provider{p.provider()},
				Users: store, Nonces: store, SignIns: store, SessionStore: store,
			})
			if err != nil {
				t.Fatal(err)
			}
			check := func(got *http.Cookie) {
				t.Helper()
				if got == nil {
					t.Fatal("not set")
				}
				if got.Secure != c.secure || !got.HttpOnly || got.SameSite != http.SameSiteLaxMode ||
					got.Path != "/" || got.Domain != "" || len(got.Value) < 43 {
					t.Errorf("%s", got)
				}
			}
			r := httptest.NewRequest("POST", "/signin/nonce", nil)
			r.Header.Set("Origin", c.origin)
			w := httptest.NewRecorder()
			rp.ServeHTTP(w, r)
			cookie := setCookies(w.Header())[c.browser]
			check(cookie)
			if cookie.MaxAge != 600+3600 {
				t.Errorf("Max-Age %d", cookie.MaxAge)
			}
			_, rest, _ := strings.Cut(w.Body.String(), `"nonce":"`)
			nonce, _, _ := strings.Cut(rest, `"`)

			token := sign(t, testKeys().es256, p.claims(nonce, time.Now()))
			r = httptest.NewRequest("POST", "/signin/fedcm", strings.NewReader(`{"token":"`+token+`"}`))
			r.Header.Set("Origin", c.origin)
			r.Header.Set("Content-Type", "application/json")
			r.AddCookie(cookie)
			w = httptest.NewRecorder()
			rp.ServeHTTP(w, r)
			if w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			after := setCookies(w.Header())
			check(after[c.session])
			r = httptest.NewRequest("POST", "/signout", nil)
			r.Header.Set("Origin", c.origin)
			r.AddCookie(cookie)
			r.AddCookie(after[c.session])
			w = httptest.NewRecorder()
			rp.ServeHTTP(w, r)
			gone := setCookies(w.Header())
			for _, name := range []string{c.browser, c.session} {
				if gone[name] == nil || gone[name].MaxAge >= 0 || gone[name].Value != "" || gone[name].Secure != c.secure {
					t.Errorf("signing out leaves %s: %v", name, gone[name])
				}
			}
		})
	}
}

// A store, and so a backup or a thief of one, holds nothing that signs anyone in.
func TestTheStoreSeesHashesAlone(t *testing.T) {
	s := newSite(t, nil)
	b := s.browser(t)
	nonce := b.nonce()
	browser := b.cookie("rp-browser")
	token := b.token(nonce)
	if a := b.send(token); a.status != 200 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	session := b.cookie("rp-session")
	if session == "" {
		t.Fatal("no session cookie")
	}
	hash := sha256.Sum256([]byte("nonce " + nonce))
	found := false
	for _, written := range s.store.seen {
		found = found || bytes.Equal(written, hash[:])
		for name, secret := range map[string]string{"nonce": nonce, "browser": browser, "session": session, "token": token} {
			if bytes.Contains(written, []byte(secret)) {
				t.Errorf("the store was given the %s", name)
			}
		}
	}
	if !found {
		t.Error("this test does not see what the store is given")
	}
}

func TestAPlantedOrBrokenBrowserCookieIsReplaced(t *testing.T) {
	s := newSite(t, nil)
	for _, value := range []string{"", "x", strings.Repeat("A", 42), strings.Repeat("A", 44), strings.Repeat("A", 42) + "=", strings.Repeat("A", 42) + "B"} {
		b := s.browser(t)
		r := b.request("POST", "/signin/nonce", "", "")
		r.Header.Set("Cookie", s.named("rp-browser")+"="+value)
		a := b.do(r)
		if got := setCookies(a.header)[s.named("rp-browser")]; a.status != 200 || got == nil || got.Value == value || len(got.Value) != 43 {
			t.Errorf("cookie %q: %d, %v", value, a.status, got)
		}
	}
	// Two cookies of the name: one was planted, and no one can tell which.
	b := s.browser(t)
	token := b.token(b.nonce())
	r := b.request("POST", "/signin/fedcm", "application/json", `{"token":"`+token+`"}`)
	r.AddCookie(&http.Cookie{Name: s.named("rp-browser"), Value: strings.Repeat("A", 43)})
	if a := b.do(r); a.status != 403 || a.code != "browser_unknown" {
		t.Errorf("two cookies: %d %s", a.status, a.body)
	}
}
