package idpserver_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
)

// TestEachCookieIsUselessInTheOthersPlace is the whole point of having two.
func TestEachCookieIsUselessInTheOthersPlace(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	page, fedcm := b.cookies["bonafides-idp"].Value, b.cookies["bonafides-idp-fedcm"].Value
	const pageName, fedcmName = "bonafides-idp", "bonafides-idp-fedcm"

	send := func(method, path, dest string, form string, cookies ...string) *http.Response {
		r := httptest.NewRequest(method, loopback+path, strings.NewReader(form))
		if dest != "" {
			r.Header.Set("Sec-Fetch-Dest", dest)
		}
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", shopOrigin)
		}
		for i := 0; i < len(cookies); i += 2 {
			r.AddCookie(&http.Cookie{Name: cookies[i], Value: cookies[i+1]})
		}
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w.Result()
	}
	form := assertionForm(ada.ID).Encode()
	p.secret(testNonce)

	t.Run("both where they belong", func(t *testing.T) {
		wantStatus(t, send("GET", "/fedcm/accounts", "webidentity", "", fedcmName, fedcm), http.StatusOK)
		wantStatus(t, send("GET", "/account", "document", "", pageName, page), http.StatusOK)
	})
	for _, c := range []struct {
		name, method, path, dest string
		cookies                  []string
		status                   int
		says                     string
	}{
		{"page cookie at the FedCM endpoint", "GET", "/fedcm/accounts", "webidentity", []string{pageName, page}, 401, "signed_out"},
		{"page token under the FedCM cookie's name", "GET", "/fedcm/accounts", "webidentity", []string{fedcmName, page}, 401, "signed_out"},
		{"page token under both names", "GET", "/fedcm/accounts", "webidentity", []string{pageName, page, fedcmName, page}, 401, "signed_out"},
		{"page token for a token", "POST", "/fedcm/assertion", "webidentity", []string{pageName, page, fedcmName, page}, 401, "signed_out"},
		{"FedCM cookie without the header", "GET", "/fedcm/accounts", "", []string{fedcmName, fedcm}, 403, "not_webidentity"},
		{"FedCM cookie in a script's fetch", "GET", "/fedcm/accounts", "empty", []string{fedcmName, fedcm}, 403, "not_webidentity"},
		{"FedCM cookie in a navigation", "GET", "/fedcm/accounts", "document", []string{fedcmName, fedcm}, 403, "not_webidentity"},
		{"FedCM cookie for a token without the header", "POST", "/fedcm/assertion", "", []string{fedcmName, fedcm}, 403, "not_webidentity"},
		{"both cookies, page's header", "POST", "/fedcm/assertion", "document", []string{pageName, page, fedcmName, fedcm}, 403, "not_webidentity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := send(c.method, c.path, c.dest, form, c.cookies...)
			if res.StatusCode != c.status || !strings.Contains(body(t, res), c.says) {
				t.Errorf("status %d, want %d %s: %s", res.StatusCode, c.status, c.says, body(t, res))
			}
		})
	}
	for _, c := range []struct {
		name, dest string
		cookies    []string
	}{
		{"FedCM cookie at a page", "document", []string{fedcmName, fedcm}},
		{"FedCM cookie at a page with the header", "webidentity", []string{fedcmName, fedcm}},
		{"FedCM token under the page cookie's name", "document", []string{pageName, fedcm}},
		{"FedCM token under both names, with the header", "webidentity", []string{pageName, fedcm, fedcmName, fedcm}},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := send("GET", "/account", c.dest, "", c.cookies...)
			if res.StatusCode != http.StatusSeeOther || !strings.HasPrefix(res.Header.Get("Location"), "/signin") {
				t.Errorf("status %d, Location %q", res.StatusCode, res.Header.Get("Location"))
			}
			res = send("GET", "/", c.dest, "", c.cookies...)
			if strings.Contains(body(t, res), "Ada") {
				t.Error("the front page knows who it is")
			}
		})
	}
}

// Whoever reads the FedCM cookie, in this package or later, gets nothing without
// the header.
func TestTheFedCMCookieDoesNotExistWithoutTheHeader(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for dest, want := range map[string]bool{"webidentity": true, "": false, "document": false, "empty": false, "Webidentity": false} {
		r := httptest.NewRequest(http.MethodGet, loopback+"/", nil)
		r.AddCookie(b.cookies["bonafides-idp-fedcm"])
		if dest != "" {
			r.Header.Set("Sec-Fetch-Dest", dest)
		}
		if n, err := p.KnownByFedCMCookie(r); err != nil || (n == 1) != want {
			t.Errorf("Sec-Fetch-Dest %q: %d accounts, %v", dest, n, err)
		}
	}
}

// sessionSpy sees what the store gets to know of sessions.
type sessionSpy struct {
	directory.Store
	tokens map[string]string // kind to token
	data   []string
}

func (s *sessionSpy) CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error {
	s.tokens[kind] = token
	s.data = append(s.data, string(data))
	return s.Store.CommitSession(ctx, kind, token, data, expires)
}

func TestTheStoreNeverSeesWhatIsInTheCookies(t *testing.T) {
	spy := &sessionSpy{tokens: map[string]string{}}
	p := newIdP(t, func(c *idpserver.Config) { spy.Store = c.Store; c.Store = spy })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for kind, name := range map[string]string{"page": "bonafides-idp", "fedcm": "bonafides-idp-fedcm"} {
		cookie := b.cookies[name].Value
		if spy.tokens[kind] == "" || spy.tokens[kind] == cookie {
			t.Errorf("the store has the token of the %s cookie as it is", kind)
		}
		for _, data := range spy.data {
			if strings.Contains(data, cookie) || strings.Contains(data, ada.ID) {
				t.Errorf("session data holds the cookie or the account: %q", data)
			}
		}
	}
}

// A browser that drops one of the cookies, as WebKit does with Secure ones on
// http, still has working pages.
func TestPagesWorkWithoutTheFedCMCookie(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	delete(b.cookies, "bonafides-idp-fedcm")
	wantStatus(t, b.get("/account"), http.StatusOK)
	wantStatus(t, b.accounts(), http.StatusUnauthorized)
	res := b.post("/signout")
	if res.Header.Get("Set-Login") != "logged-out" {
		t.Error("not signed out")
	}
}

func TestNoCookieBeforeSignIn(t *testing.T) {
	p := newIdP(t)
	for _, path := range []string{"/", "/signin", "/signup", "/account", "/verify-email", "/error?code=signed_out",
		"/.well-known/web-identity", "/fedcm/config.json", "/jwks.json"} {
		if c := p.browser().get(path).Header["Set-Cookie"]; len(c) != 0 {
			t.Errorf("%s sets %v", path, c)
		}
	}
}
