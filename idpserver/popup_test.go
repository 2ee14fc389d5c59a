package idpserver_test

import (
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// popupRequest is what the polyfill sends.
func popupRequest() url.Values {
	return values("client_id", shopID, "origin", shopOrigin, "state", "state-0123456789", "context", "signin", "mode", "active",
		"mediation", "optional", "params", `{"nonce":"`+testNonce+`"}`)
}

func (b *browser) popup(v url.Values, account, do string) *http.Response {
	pairs := []string{"account", account, "do", do}
	for k := range v {
		pairs = append(pairs, k, v.Get(k))
	}
	return b.post("/fedcm/popup/consent", pairs...)
}

// message is what the page's script tells the opener.
func message(t testing.TB, res *http.Response) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`data-(origin|state|kind|token|account|code|url|next)="([^"]*)"`).
		FindAllStringSubmatch(regexp.MustCompile(`(?s)<div[^>]+id="bonafides-popup".*?</div>`).FindString(body(t, res)), -1) {
		out[m[1]] = html.UnescapeString(m[2])
	}
	return out
}

func TestPopupEndsInTheSameTokenAsFedCM(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	v := popupRequest()
	p.secret(testNonce)

	page := b.get("/fedcm/popup?" + v.Encode())
	wantStatus(t, page, http.StatusOK)
	m := message(t, page)
	next, err := url.Parse(m["next"])
	if err != nil || m["kind"] != "ready" || m["origin"] != shopOrigin || m["state"] != v.Get("state") || next.Path != "/signin" {
		t.Fatalf("not signed in: %v, %v", m, err)
	}
	to := next.Query().Get("next")
	wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", to), to)
	page = b.get(to)
	wantStatus(t, page, http.StatusOK)
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "form-action 'self'") {
		t.Errorf("a form of the window may lead elsewhere: %s", csp)
	}
	if text := body(t, page); !strings.Contains(text, "Sign in to Corner Shop") || !strings.Contains(text, shopOrigin) || !strings.Contains(text, ada.ID) {
		t.Errorf("the page does not say who asks:\n%s", text)
	}
	if csp := page.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || page.Header.Get("Cross-Origin-Opener-Policy") != "" {
		t.Errorf("headers = %v", page.Header)
	}
	res := b.popup(v, ada.ID, "continue")
	wantStatus(t, res, http.StatusOK)
	m = message(t, res)
	p.secret(m["token"])
	if m["kind"] != "token" || m["origin"] != shopOrigin || res.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("message = %v", m)
	}
	set, err := jws.ParseKeySet(p.jwks())
	if err != nil {
		t.Fatal(err)
	}
	id, err := oidc.Verify(m["token"], oidc.Config{Issuer: loopback, ClientID: shopID, Keys: set, Nonce: testNonce}, p.now)
	if err != nil || id.Subject != ada.ID || id.Email == "" {
		t.Errorf("token: %+v, %v", id, err)
	}
	if m := message(t, b.popup(v, ada.ID, "cancel")); m["kind"] != "closed" || m["token"] != "" {
		t.Errorf("cancel: %v", m)
	}
	// The page's fields decide what goes out.
	v.Set("fields", "")
	res = b.popup(v, ada.ID, "continue")
	wantStatus(t, res, http.StatusOK)
	token := message(t, res)["token"]
	p.secret(token)
	if c := claims(t, token); c["email"] != nil || c["name"] != nil {
		t.Errorf("fields=[]: claims %v", c)
	}
}

func TestPopupRefusalsHaveACodeAndReachTheRegisteredOriginAlone(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for name, c := range map[string]struct {
		field, value string
		status       int
		code         string
		told         bool
	}{
		"no client":        {"client_id", "", 400, "client_id_missing", false},
		"unknown client":   {"client_id", "nobody", 403, "unauthorized_client", false},
		"foreign origin":   {"origin", "https://evil.example", 403, "origin_mismatch", false},
		"no origin":        {"origin", "", 403, "origin_mismatch", false},
		"another client's": {"origin", "https://wiki.example", 403, "origin_mismatch", false},
		"no nonce":         {"params", "{}", 400, "nonce_missing", true},
		"long nonce":       {"params", `{"nonce":"` + strings.Repeat("n", 600) + `"}`, 400, "nonce_too_long", true},
		"two nonces":       {"nonce", "another-nonce-0123456789", 400, fedcm.CodeNonceDiffers, true},
		"params not JSON":  {"params", "{", 400, fedcm.CodeParams, true},
		"no state":         {"state", "", 400, "state_missing", false},
		"unknown context":  {"context", "shout", 400, "context_unknown", true},
		"unknown action":   {"action", "delete", 400, "action_unknown", true},
	} {
		t.Run(name, func(t *testing.T) {
			v := popupRequest()
			v.Set(c.field, c.value)
			for _, res := range []*http.Response{b.get("/fedcm/popup?" + v.Encode()), b.popup(v, ada.ID, "continue")} {
				wantPageCode(t, res, c.status, c.code)
				m := message(t, res)
				if told := m["kind"] == "error" && m["code"] == c.code && m["origin"] == shopOrigin && m["state"] != ""; told != c.told {
					t.Errorf("message = %v", m)
				}
				if m["token"] != "" {
					t.Error("a refusal with a token")
				}
			}
		})
	}
	v := popupRequest()
	wantPageCode(t, b.popup(v, grace.ID, "continue"), 403, "account_not_signed_in")
	wantPageCode(t, b.popup(v, ada.ID, "what"), 400, "action_unknown")
	v.Add("state", "x")
	wantPageCode(t, b.get("/fedcm/popup?"+v.Encode()), 400, "duplicate_parameter")
}

// The native endpoints never take what the popup takes, and the other way round.
func TestPopupAndNativeEndpointsDoNotMix(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, dest := range []string{"webidentity", "iframe", "empty", "script"} {
		r := httptest.NewRequest(http.MethodGet, loopback+"/fedcm/popup?"+popupRequest().Encode(), nil)
		r.Header.Set("Sec-Fetch-Dest", dest)
		wantPageCode(t, b.send(r, false), 403, "not_a_window")
	}
	// A window's form at the native endpoint.
	r := b.assertionRequest(assertionForm(ada.ID))
	r.Header.Set("Sec-Fetch-Dest", "document")
	wantFedCMError(t, p, b.send(r, false), 403, fedcm.CodeDest)
	// The native cookie at the popup.
	r = httptest.NewRequest(http.MethodGet, loopback+"/fedcm/popup?"+popupRequest().Encode(), nil)
	if m := message(t, b.send(r, true)); m["next"] == "" {
		t.Error("the FedCM cookie opened the popup")
	}
	// Another site's form.
	form := popupRequest()
	form.Set("account", ada.ID)
	form.Set("do", "continue")
	r = httptest.NewRequest(http.MethodPost, loopback+"/fedcm/popup/consent", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", shopOrigin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantPageCode(t, b.send(r, false), 403, "cross_origin")
}

func TestPopupDisconnects(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	b.assert(assertionForm(ada.ID))
	v := popupRequest()
	v.Set("action", "disconnect")
	v.Set("account_hint", "ada@corp.example")
	if text := body(t, b.get("/fedcm/popup?"+v.Encode())); !strings.Contains(text, "Disconnect Corner Shop?") {
		t.Errorf("page:\n%s", text)
	}
	m := message(t, b.popup(v, ada.ID, "continue"))
	if m["kind"] != "disconnected" || m["account"] != ada.ID {
		t.Errorf("message = %v", m)
	}
	if strings.Contains(body(t, b.get("/account")), "Corner Shop") {
		t.Error("the grant is still there")
	}
	// The second time there is nothing to end, and the site is told so.
	res := b.get("/fedcm/popup?" + v.Encode())
	wantPageCode(t, res, 403, "not_connected")
	if m := message(t, res); m["kind"] != "error" || m["code"] != "not_connected" || !strings.Contains(m["url"], "not_connected") {
		t.Errorf("message = %v", m)
	}
	if text := body(t, b.get("/error?code=not_connected")); !strings.Contains(text, "There is no connection to end") {
		t.Errorf("error page:\n%s", text)
	}
	v.Set("account_hint", "nobody")
	wantPageCode(t, b.get("/fedcm/popup?"+v.Encode()), 403, "not_connected")
}

// Hints choose among the accounts; where none fits, the window says what was
// asked for instead of offering another one.
func TestPopupHints(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	p.create("grace@home.example")
	b := p.browser()
	for name, c := range map[string]struct {
		login, domain string
		sees, not     string
	}{
		"login hint":          {"grace@home.example", "", "grace@home.example", "ada@corp.example"},
		"domain hint":         {"", "corp.example", "ada@corp.example", "grace@home.example"},
		"any domain":          {"", "any", "ada@corp.example", "grace@home.example"},
		"nobody":              {"nobody@corp.example", "", "asks for the account nobody@corp.example. No account", "ada@corp.example"},
		"no such domain":      {"", "elsewhere.example", "asks for an account of elsewhere.example. No account", "ada@corp.example"},
		"both, neither fits":  {"x@y.example", "any", "asks for the account x@y.example, an account of an organisation. No account", "ada@corp.example"},
		"a hint of bad taste": {"\u202ereversed", "", "asks for another account. No account", "\u202e"},
		"somebody's text":     {"call 555 to unlock", "", "asks for another account. No account", "call 555"},
		"text for a domain":   {"", "call 555 to unlock", "asks for an account of an organisation. No account", "call 555"},
	} {
		t.Run(name, func(t *testing.T) {
			v := popupRequest()
			v.Set("login_hint", c.login)
			v.Set("domain_hint", c.domain)
			// Nobody is signed in: on to the sign-in page, and back with the hints.
			if m := message(t, p.browser().get("/fedcm/popup?"+v.Encode())); !strings.HasPrefix(m["next"], "/signin?") || !strings.Contains(m["next"], url.QueryEscape(url.QueryEscape(c.login))) {
				t.Errorf("next = %q", m["next"])
			}
			if len(b.cookies) == 0 {
				b.signIn("ada@corp.example")
				b.signIn("grace@home.example")
			}
			text := body(t, b.get("/fedcm/popup?"+v.Encode()))
			main := text[strings.Index(text, "<h1"):]
			if !strings.Contains(main, c.sees) || strings.Contains(main, c.not) {
				t.Errorf("page:\n%s", main)
			}
			if strings.Contains(c.sees, "No account") && strings.Contains(main, `data-do="continue"`) {
				t.Error("an account is offered that was not asked for")
			}
		})
	}
}

func TestConfigFileNamesThePopup(t *testing.T) {
	p := newIdP(t)
	res := p.browser().get("/fedcm/config.json")
	c, err := fedcm.ParseProviderConfig([]byte(body(t, res)))
	if err != nil || c.PopupEndpoint != "/fedcm/popup" || res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("config = %+v, %v", c, err)
	}
}
