package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

func TestBrowsersFindTheirWayFromTheWellKnownFile(t *testing.T) {
	p := newIdP(t)
	fetch := func(path string) []byte {
		r := httptest.NewRequest(http.MethodGet, loopback+path, nil)
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		res := p.browser().send(r, true)
		wantStatus(t, res, http.StatusOK)
		if ct := res.Header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: Content-Type = %q", path, ct)
		}
		if res.Header.Get("Cache-Control") == "" || len(res.Cookies()) != 0 {
			t.Errorf("%s: Cache-Control %q, cookies %v", path, res.Header.Get("Cache-Control"), res.Cookies())
		}
		return []byte(body(t, res))
	}
	wk, err := wire.ParseWellKnown(fetch("/.well-known/web-identity"))
	if err != nil {
		t.Fatal(err)
	}
	want := wire.WellKnown{
		ProviderURLs:     []string{loopback + "/fedcm/config.json"},
		AccountsEndpoint: loopback + "/fedcm/accounts", LoginURL: loopback + "/signin",
	}
	if !reflect.DeepEqual(*wk, want) {
		t.Errorf("well-known = %+v", wk)
	}
	if p.ConfigURL() != want.ProviderURLs[0] {
		t.Errorf("ConfigURL = %q", p.ConfigURL())
	}
	config, err := wire.ParseProviderConfig(fetch("/fedcm/config.json"))
	if err != nil {
		t.Fatal(err)
	}
	resolve := func(s string) string {
		u, err := url.Parse(want.ProviderURLs[0])
		if err != nil {
			t.Fatal(err)
		}
		if u, err = u.Parse(s); err != nil {
			t.Fatal(err)
		}
		return u.String()
	}
	// Browsers compare these two with the well-known file after resolving them.
	if resolve(config.AccountsEndpoint) != wk.AccountsEndpoint || resolve(config.LoginURL) != wk.LoginURL {
		t.Errorf("the config file (%q, %q) contradicts the well-known file", config.AccountsEndpoint, config.LoginURL)
	}
	for _, u := range []string{config.AccountsEndpoint, config.IDAssertionEndpoint, config.ClientMetadataEndpoint, config.DisconnectEndpoint, config.LoginURL} {
		if !strings.HasPrefix(resolve(u), loopback+"/") {
			t.Errorf("%q is of another origin", u)
		}
	}
	if len(config.Branding.Icons) != 1 || config.Branding.Name != "Test ID" || config.Branding.BackgroundColor == "" {
		t.Fatalf("branding = %+v", config.Branding)
	}
	icon := p.browser().get(strings.TrimPrefix(config.Branding.Icons[0].URL, loopback))
	if icon.StatusCode != http.StatusOK || icon.Header.Get("Content-Type") != "image/png" {
		t.Errorf("icon: status %d, %s", icon.StatusCode, icon.Header.Get("Content-Type"))
	}
}

func TestAccountsEndpointListsWhoIsSignedInHere(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	p.create("grace@home.example", func(n *idpserver.NewAccount) { n.Name, n.GivenName = "Grace Hopper", "" })
	p.create("open@corp.example", func(n *idpserver.NewAccount) { n.EmailVerified = false })
	b := p.browser()
	for _, email := range []string{"ada@corp.example", "grace@home.example", "open@corp.example"} {
		b.signIn(email)
		p.now = p.now.Add(time.Second)
	}
	b.assert(assertionForm(ada.ID))
	res := b.accounts()
	wantStatus(t, res, http.StatusOK)
	if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
		t.Errorf("headers: %v", res.Header)
	}
	list, err := wire.ParseAccounts([]byte(body(t, res)))
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 3 {
		t.Fatalf("%d accounts", len(list))
	}
	want := wire.Account{
		ID: ada.ID, Name: "Ada Lovelace", GivenName: "Ada", Email: "ada@corp.example",
		Picture:         loopback + "/picture/" + ada.ID + ".png",
		ApprovedClients: []string{shopID},
		LoginHints:      []string{"ada@corp.example", ada.ID},
		DomainHints:     []string{"corp.example"},
	}
	if !reflect.DeepEqual(list[0], want) {
		t.Errorf("account = %+v\nwant      %+v", list[0], want)
	}
	if list[1].DomainHints != nil || list[1].GivenName != "" {
		t.Errorf("an account outside the operator's domains: %+v", list[1])
	}
	if list[1].ApprovedClients == nil {
		t.Error("approved_clients is missing: the browser would then go by what it remembers")
	}
	if list[2].DomainHints != nil {
		t.Errorf("an address that is not verified has domain hints: %v", list[2].DomainHints)
	}
	if len(ada.ID) != 26 || strings.Contains(ada.ID, "ada") {
		t.Errorf("account id %q", ada.ID)
	}
	picture := b.get("/picture/" + ada.ID + ".png")
	if picture.StatusCode != http.StatusOK || picture.Header.Get("Content-Type") != "image/png" {
		t.Errorf("picture: status %d", picture.StatusCode)
	}
}

func TestClientMetadata(t *testing.T) {
	p := newIdP(t)
	res := p.browser().get("/fedcm/client-metadata?client_id=shop&top_frame_origin=https%3A%2F%2Fnews.example")
	wantStatus(t, res, http.StatusOK)
	m, err := wire.ParseClientMetadata([]byte(body(t, res)))
	if err != nil {
		t.Fatal(err)
	}
	if m.PrivacyPolicyURL != "https://shop.example/privacy" || m.TermsOfServiceURL != "https://shop.example/terms" {
		t.Errorf("metadata = %+v", m)
	}
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata"), 400, "client_id_missing")
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata?client_id=shop&client_id=wiki"), 400, "client_id_missing")
	wantFedCMError(t, p, p.browser().get("/fedcm/client-metadata?client_id=nobody"), 403, "unauthorized_client")
}

// wantFedCMError checks that a refusal is what browsers and developers can read,
// and that its page for people exists.
func wantFedCMError(t *testing.T, p *idp, res *http.Response, status int, code string) {
	t.Helper()
	var answer struct {
		Error struct{ Code, Error, URL string }
		Token *string
		problem
	}
	decode(t, res, &answer)
	if res.StatusCode != status || answer.Error.Code != code {
		t.Fatalf("refusal = %d %q, want %d %q", res.StatusCode, answer.Error.Code, status, code)
	}
	if answer.Error.Error != code || answer.Code != code || answer.Status != status || answer.Detail == "" || answer.Title == "" {
		t.Errorf("the parts of the refusal differ: %s", body(t, res))
	}
	if answer.Token != nil {
		t.Error("a refusal with a token")
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("Cache-Control = %q", res.Header.Get("Cache-Control"))
	}
	path, ok := strings.CutPrefix(answer.Error.URL, p.issuer)
	if !ok {
		t.Fatalf("the page for people is elsewhere: %q", answer.Error.URL)
	}
	page := p.browser().get(path)
	wantStatus(t, page, http.StatusOK)
	if !strings.Contains(body(t, page), `data-code="`+code+`"`) {
		t.Errorf("the page at %s does not explain %s", path, code)
	}
}

type problem struct {
	Title, Code, Detail string
	Status              int
}

func TestAssertionRefusals(t *testing.T) {
	set := func(header, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(header, value) }
	}
	del := func(header string) func(*http.Request) { return func(r *http.Request) { r.Header.Del(header) } }
	form := func(pairs ...string) func(url.Values) {
		return func(v url.Values) {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i+1] == "" {
					v.Del(pairs[i])
				} else {
					v.Set(pairs[i], pairs[i+1])
				}
			}
		}
	}
	for _, c := range []struct {
		name    string
		form    func(url.Values)
		request func(*http.Request)
		status  int
		code    string
		cors    bool // the relying party may see why
	}{
		{"no Sec-Fetch-Dest", nil, del("Sec-Fetch-Dest"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest of a script's fetch", nil, set("Sec-Fetch-Dest", "empty"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest in another case", nil, set("Sec-Fetch-Dest", "WebIdentity"), 403, "not_webidentity", false},
		{"Sec-Fetch-Dest twice", nil, func(r *http.Request) { r.Header.Add("Sec-Fetch-Dest", "webidentity") }, 403, "not_webidentity", false},
		{"GET", nil, func(r *http.Request) { r.Method = http.MethodGet }, 405, "method_not_allowed", false},
		{"JSON", nil, set("Content-Type", "application/json"), 415, "wrong_content_type", false},
		{"no content type", nil, del("Content-Type"), 415, "wrong_content_type", false},
		{"no client_id", form("client_id", ""), nil, 400, "client_id_missing", false},
		{"unknown client", form("client_id", "nobody"), nil, 403, "unauthorized_client", false},
		{"client_id in another case", form("client_id", "Shop"), nil, 403, "unauthorized_client", false},
		{"no Origin", nil, del("Origin"), 403, "origin_missing", false},
		{"two Origins", nil, func(r *http.Request) { r.Header.Add("Origin", shopOrigin) }, 403, "origin_missing", false},
		{"null Origin", nil, set("Origin", "null"), 403, "origin_mismatch", false},
		{"foreign Origin", nil, set("Origin", "http://evil.localhost:8080"), 403, "origin_mismatch", false},
		{"the provider's own Origin", nil, set("Origin", loopback), 403, "origin_mismatch", false},
		{"Origin with another port", nil, set("Origin", "http://shop.localhost:8081"), 403, "origin_mismatch", false},
		{"Origin with another scheme", nil, set("Origin", "https://shop.localhost:8080"), 403, "origin_mismatch", false},
		{"Origin with a slash", nil, set("Origin", shopOrigin+"/"), 403, "origin_mismatch", false},
		{"Origin in another case", nil, set("Origin", "http://SHOP.localhost:8080"), 403, "origin_mismatch", false},
		{"Origin of another client", form("client_id", "wiki"), nil, 403, "origin_mismatch", false},
		{"subdomain of the registered origin", nil, set("Origin", "https://a.shop.example"), 403, "origin_mismatch", false},
		{"registered origin as a prefix", nil, set("Origin", "https://shop.example.evil.example"), 403, "origin_mismatch", false},
		{"no account_id", form("account_id", ""), nil, 400, "form_invalid", true},
		{"unknown account", form("account_id", "AAAAAAAAAAAAAAAAAAAAAAAAAA"), nil, 403, "account_not_signed_in", true},
		{"e-mail for the account", form("account_id", "ada@corp.example"), nil, 403, "account_not_signed_in", true},
		{"no nonce", form("params", ""), nil, 400, "nonce_missing", true},
		{"empty nonce", form("params", `{"nonce":""}`), nil, 400, "nonce_missing", true},
		{"nonce only in another case", form("params", `{"Nonce":"x"}`), nil, 400, "nonce_missing", true},
		{"endless nonce", form("params", `{"nonce":"`+strings.Repeat("n", 513)+`"}`), nil, 400, "nonce_too_long", true},
		{"two different nonces", form("nonce", "another"), nil, 400, "nonce_differs", true},
		{"nonce is a number", form("params", `{"nonce":1}`), nil, 400, "params_invalid", true},
		{"nonce twice", form("params", `{"nonce":"a","nonce":"b"}`), nil, 400, "params_invalid", true},
		{"params cut off", form("params", `{"nonce":"a"`), nil, 400, "params_invalid", true},
		{"params with something behind", form("params", `{"nonce":"a"} x`), nil, 400, "params_invalid", true},
		{"a flag that is neither", form("is_auto_selected", "yes"), nil, 400, "form_invalid", true},
		{"no cookie", nil, del("Cookie"), 401, "signed_out", true},
		{"a cookie of nobody", nil, set("Cookie", "bonafides-idp-fedcm=AAAA"), 401, "signed_out", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newIdP(t)
			ada := p.create("ada@corp.example")
			b := p.browser()
			b.signIn("ada@corp.example")
			v := assertionForm(ada.ID)
			p.secret(testNonce)
			if c.form != nil {
				c.form(v)
			}
			r := b.assertionRequest(v)
			for _, k := range b.cookies {
				if k.SameSite == http.SameSiteNoneMode {
					r.AddCookie(&http.Cookie{Name: k.Name, Value: k.Value})
				}
			}
			if c.request != nil {
				c.request(r)
			}
			w := httptest.NewRecorder()
			p.ServeHTTP(w, r)
			res := w.Result()
			wantFedCMError(t, p, res, c.status, c.code)
			wantOrigin, wantCredentials := "", ""
			if c.cors {
				wantOrigin, wantCredentials = shopOrigin, "true"
			}
			if got := res.Header.Get("Access-Control-Allow-Origin"); got != wantOrigin {
				t.Errorf("Access-Control-Allow-Origin = %q, want %q", got, wantOrigin)
			}
			if got := res.Header.Get("Access-Control-Allow-Credentials"); got != wantCredentials {
				t.Errorf("Access-Control-Allow-Credentials = %q, want %q", got, wantCredentials)
			}
			if c.status == http.StatusMethodNotAllowed && res.Header.Get("Allow") != "POST" {
				t.Errorf("Allow = %q", res.Header.Get("Allow"))
			}
			grants, err := p.store.Grants(context.Background(), ada.ID)
			if err != nil || len(grants) != 0 {
				t.Errorf("a refused request left grants: %v, %v", grants, err)
			}
			if p.logged("ID token issued") {
				t.Error("a token was issued")
			}
			if !p.logged(c.code) {
				t.Error("the log does not name the refusal")
			}
		})
	}
}

func TestAnAccountOfAnotherBrowserGetsNoToken(t *testing.T) {
	p := newIdP(t)
	p.create("ada@corp.example")
	grace := p.create("grace@home.example")
	adas, graces := p.browser(), p.browser()
	adas.signIn("ada@corp.example")
	graces.signIn("grace@home.example")
	res := adas.send(adas.assertionRequest(assertionForm(grace.ID)), true)
	wantFedCMError(t, p, res, 403, "account_not_signed_in")
	grants, err := p.store.Grants(context.Background(), grace.ID)
	if err != nil || len(grants) != 0 {
		t.Errorf("grants = %v, %v", grants, err)
	}
}

func TestAssertionAnswersTheExactOriginWithCredentials(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for _, origin := range []string{shopOrigin, "https://shop.example"} {
		r := b.assertionRequest(assertionForm(ada.ID))
		r.Header.Set("Origin", origin)
		res := b.send(r, true)
		wantStatus(t, res, http.StatusOK)
		if res.Header.Get("Access-Control-Allow-Origin") != origin || res.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("CORS headers for %s: %v", origin, res.Header)
		}
		if !slices.Contains(res.Header.Values("Vary"), "Origin") || res.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("caching headers: %v", res.Header)
		}
	}
}

func TestUnknownFormKeysAreIgnored(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v := assertionForm(ada.ID)
	v.Set("mode", "active")
	v.Set("type", "x")
	v.Set("a key of the year 2030", "x")
	b.assert(v)
}

func TestAClientMayBeRegisteredToWorkWithoutNonces(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	r := b.assertionRequest(values("client_id", "legacy", "account_id", ada.ID, "disclosure_text_shown", "true"))
	r.Header.Set("Origin", "https://legacy.example")
	res := b.send(r, true)
	wantStatus(t, res, http.StatusOK)
	var answer struct{ Token string }
	decode(t, res, &answer)
	if n, there := claims(t, answer.Token)["nonce"]; there {
		t.Errorf("nonce = %v", n)
	}
}

func TestDisconnect(t *testing.T) {
	post := func(b *browser, change func(*http.Request), pairs ...string) *http.Response {
		r := httptest.NewRequest(http.MethodPost, loopback+"/fedcm/disconnect", strings.NewReader(values(pairs...).Encode()))
		r.Header.Set("Sec-Fetch-Dest", "webidentity")
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", shopOrigin)
		if change != nil {
			change(r)
		}
		return b.send(r, true)
	}
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	grace := p.create("grace@home.example")
	b, other := p.browser(), p.browser()
	b.signIn("ada@corp.example")
	other.signIn("grace@home.example")
	other.assert(assertionForm(grace.ID))
	grants := func(id string) int {
		g, err := p.store.Grants(context.Background(), id)
		if err != nil {
			t.Fatal(err)
		}
		return len(g)
	}
	for _, hint := range []string{ada.ID, "ada@corp.example"} {
		b.assert(assertionForm(ada.ID))
		wantFedCMError(t, p, post(b, nil, "client_id", shopID, "account_hint", grace.ID), 403, "account_not_signed_in")
		wantFedCMError(t, p, post(b, nil, "client_id", shopID), 400, "form_invalid")
		wantFedCMError(t, p, post(b, nil, "account_hint", hint), 400, "client_id_missing")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Del("Sec-Fetch-Dest") }, "client_id", shopID, "account_hint", hint), 403, "not_webidentity")
		wantFedCMError(t, p, post(b, func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") }, "client_id", shopID, "account_hint", hint), 403, "origin_mismatch")
		if grants(ada.ID) != 1 || grants(grace.ID) != 1 {
			t.Fatal("a refused disconnect ended a grant")
		}
		res := post(b, nil, "client_id", shopID, "account_hint", hint)
		wantStatus(t, res, http.StatusOK)
		if res.Header.Get("Access-Control-Allow-Origin") != shopOrigin || res.Header.Get("Access-Control-Allow-Credentials") != "true" {
			t.Errorf("CORS headers: %v", res.Header)
		}
		id, err := wire.ParseDisconnectAnswer([]byte(body(t, res)))
		if err != nil || id != ada.ID {
			t.Errorf("account_id = %q, %v", id, err)
		}
		if grants(ada.ID) != 0 || grants(grace.ID) != 1 {
			t.Fatalf("grants: ada %d, grace %d", grants(ada.ID), grants(grace.ID))
		}
	}
}

// brokenStore answers until it is told not to.
type brokenStore struct {
	idpserver.Store
	broken bool
}

var errBroken = errors.New("disk on fire")

func (s *brokenStore) Grants(ctx context.Context, account string) ([]idpserver.Grant, error) {
	if s.broken {
		return nil, errBroken
	}
	return s.Store.Grants(ctx, account)
}

func (s *brokenStore) PutGrant(ctx context.Context, g idpserver.Grant) error {
	if s.broken {
		return errBroken
	}
	return s.Store.PutGrant(ctx, g)
}

func (s *brokenStore) FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error) {
	if s.broken {
		return nil, errBroken
	}
	return s.Store.FindSession(ctx, kind, token, now)
}

func TestAStoreThatCannotAnswerGivesNoToken(t *testing.T) {
	var store brokenStore
	p := newIdP(t, func(c *idpserver.Config) { store.Store = c.Store; c.Store = &store })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	store.broken = true
	wantFedCMError(t, &idp{Server: p.Server, t: t, issuer: p.issuer, secrets: map[string]bool{}},
		b.accounts(), 503, "temporarily_unavailable")
	res := b.send(b.assertionRequest(assertionForm(ada.ID)), true)
	if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(body(t, res), "fire") {
		t.Errorf("status %d: %s", res.StatusCode, body(t, res))
	}
	res = b.get("/account")
	wantPageCode(t, res, 503, "temporarily_unavailable")
	if strings.Contains(body(t, res), "fire") {
		t.Error("the page shows the store's error")
	}
	if !p.logged("disk on fire") {
		t.Error("the log does not hold the store's error")
	}
	store.broken = false
	wantStatus(t, b.accounts(), http.StatusOK)
}
