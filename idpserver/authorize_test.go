package idpserver_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

const testState = "state-of-this-browser-0123456789"

// codeRequest is a good authentication request of the shop; verifier is its secret.
func codeRequest(t testing.TB) (v url.Values, verifier string) {
	t.Helper()
	verifier = oidc.NewVerifier()
	challenge, err := oidc.Challenge(verifier)
	if err != nil {
		t.Fatal(err)
	}
	return values("response_type", "code", "client_id", shopID, "redirect_uri", shopRedirect, "scope", "openid profile email",
		"state", testState, "nonce", testNonce, "code_challenge", challenge, "code_challenge_method", "S256"), verifier
}

// consent presses a button of the consent page.
func (b *browser) consent(v url.Values, account, do string) *http.Response {
	form := url.Values{"account": {account}, "do": {do}}
	for k, x := range v {
		form[k] = x
	}
	var pairs []string
	for k := range form {
		pairs = append(pairs, k, form.Get(k))
	}
	return b.post("/authorize/consent", pairs...)
}

// answer reads a redirect to the client.
func answer(t testing.TB, res *http.Response) url.Values {
	t.Helper()
	wantStatus(t, res, http.StatusSeeOther)
	to, query, _ := strings.Cut(res.Header.Get("Location"), "?")
	if to != shopRedirect {
		t.Fatalf("Location = %q", res.Header.Get("Location"))
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		t.Fatal(err)
	}
	if q.Get("iss") != loopback {
		t.Errorf("iss = %q", q.Get("iss"))
	}
	return q
}

// code gets a code for ada.
func (b *browser) code(v url.Values, account string) string {
	b.p.t.Helper()
	q := answer(b.p.t, b.consent(v, account, "continue"))
	if q.Get("state") != v.Get("state") || q.Get("code") == "" {
		b.p.t.Fatalf("answer = %v", q)
	}
	b.p.secret(q.Get("code"))
	return q.Get("code")
}

func (p *idp) token(form url.Values, change ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(http.MethodPost, p.issuer+"/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	for _, f := range change {
		f(r)
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	return w.Result()
}

func exchange(code, verifier string) url.Values {
	return values("grant_type", "authorization_code", "code", code, "redirect_uri", shopRedirect, "code_verifier", verifier, "client_id", shopID)
}

func wantTokenError(t testing.TB, res *http.Response, status int, code string) {
	t.Helper()
	wantStatus(t, res, status)
	var e struct{ Error, Error_description string }
	decode(t, res, &e)
	if e.Error != code || e.Error_description == "" {
		t.Errorf("error = %+v, want %s", e, code)
	}
	if res.Header.Get("Cache-Control") != "no-store" {
		t.Error("the answer may be stored")
	}
}

func TestCodeFlowEndsInATokenOfThePerson(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	v, verifier := codeRequest(t)

	// Nobody is signed in: sign in, and come back to the same question.
	res := b.get("/authorize?" + v.Encode())
	wantStatus(t, res, http.StatusSeeOther)
	to, err := url.Parse(res.Header.Get("Location"))
	if err != nil || to.Path != "/signin" {
		t.Fatalf("Location = %v, %v", to, err)
	}
	next := to.Query().Get("next")
	wantRedirect(t, b.post("/signin", "email", "ada@corp.example", "password", password, "next", next), next)
	page := b.get(next)
	wantStatus(t, page, http.StatusOK)
	text := body(t, page)
	for _, want := range []string{"Continue to Corner Shop", "your name, your e-mail address and your picture", ada.ID, "https://shop.example/privacy"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not show %q", want)
		}
	}
	// What keeps a button from an early press is there before the button is.
	if head, _, _ := strings.Cut(text, "<body"); !regexp.MustCompile(`<script src="/_idp/[^"]*press.js[^"]*" nonce="[^"]+"></script>`).MatchString(head) {
		t.Error("no script for early presses in the head, or one that waits for the page")
	}
	csp := page.Header.Get("Content-Security-Policy")
	if !strings.Contains(csp, "frame-ancestors 'none'") ||
		page.Header.Get("X-Frame-Options") != "DENY" || page.Header.Get("Referrer-Policy") != "same-origin" {
		t.Errorf("headers = %v", page.Header)
	}
	// Engines hold the client's own redirects against form-action too, and where they
	// end only the client knows.
	if strings.Contains(csp, "form-action") {
		t.Errorf("the policy ends the way back at the redirect URI: %s", csp)
	}
	// The form carries the request on.
	form := url.Values{}
	for _, m := range regexp.MustCompile(`type="hidden" name="([^"]+)" value="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		form.Set(m[1], m[2])
	}
	code := b.code(form, ada.ID)

	res = p.token(exchange(code, verifier))
	wantStatus(t, res, http.StatusOK)
	var got struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		IDToken     string `json:"id_token"`
		Scope       string
	}
	decode(t, res, &got)
	p.secret(got.AccessToken)
	p.secret(got.IDToken)
	if got.TokenType != "Bearer" || got.ExpiresIn != 900 || got.Scope != "openid profile email" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("answer = %+v", got)
	}
	set, err := jws.ParseKeySet(p.jwks())
	if err != nil {
		t.Fatal(err)
	}
	id, err := oidc.Verify(got.IDToken, oidc.Config{Issuer: loopback, ClientID: shopID, Keys: set, Nonce: testNonce}, p.now)
	if err != nil {
		t.Fatal(err)
	}
	if id.Subject != ada.ID || id.Email != "ada@corp.example" || id.Name != ada.Name || id.CheckAccessToken(got.AccessToken) != nil {
		t.Errorf("token = %+v", id)
	}
	if at, ok := claims(t, got.IDToken)["auth_time"].(float64); !ok || int64(at) != p.now.Unix() {
		t.Error("no auth_time")
	}
	if !strings.Contains(body(t, b.get("/account")), "Corner Shop") {
		t.Error("the account page does not list the site")
	}
	wantTokenError(t, p.token(exchange(code, verifier)), 400, "invalid_grant")
}

// Nobody looks at the answer to prompt=none: a limit is told to the client.
func TestOverTheLimitASilentRequestIsAnsweredToTheClient(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, _ := codeRequest(t)
	b.code(v, ada.ID)
	v.Set("prompt", "none")
	for range 59 {
		if got := answer(t, b.get("/authorize?"+v.Encode())); got.Get("code") == "" {
			t.Fatalf("answer = %v", got)
		}
	}
	if got := answer(t, b.get("/authorize?"+v.Encode())); got.Get("error") != "temporarily_unavailable" || got.Get("state") != v.Get("state") {
		t.Errorf("answer = %v", got)
	}
}

// Whoever shares a network with a relying party can send what they like: its codes
// still buy tokens.
func TestJunkAtTheTokenEndpointStopsNobody(t *testing.T) {
	p := newIdP(t)
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	for range 300 {
		p.token(values("client_id", "nobody"))
		p.token(values("grant_type", "authorization_code", "client_id", shopID, "code", "x", "redirect_uri", shopRedirect, "code_verifier", "y"))
	}
	v, verifier := codeRequest(t)
	wantStatus(t, p.token(exchange(b.code(v, ada.ID), verifier)), http.StatusOK)
	over := p.token(values("client_id", "nobody"))
	wantTokenError(t, over, http.StatusTooManyRequests, "temporarily_unavailable")
	if over.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

func TestARequestByPostGoesOnAsAGet(t *testing.T) {
	p := newIdP(t)
	v, _ := codeRequest(t)
	r := httptest.NewRequest(http.MethodPost, loopback+"/authorize", strings.NewReader(v.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", shopOrigin)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	wantRedirect(t, p.browser().send(r, true), "/authorize?"+v.Encode())
}

func TestDiscoveryNamesTheCodeFlow(t *testing.T) {
	p := newIdP(t)
	d, err := oidc.ParseDiscovery([]byte(body(t, p.browser().get("/.well-known/openid-configuration"))), loopback)
	if err != nil {
		t.Fatal(err)
	}
	if d.AuthorizationEndpoint != loopback+"/authorize" || d.TokenEndpoint != loopback+"/token" || !d.AuthorizationResponseIssParam ||
		!slices.Equal(d.CodeChallengeMethods, []string{"S256"}) || !slices.Equal(d.ResponseTypesSupported, []string{"code"}) {
		t.Errorf("discovery = %+v", d)
	}
}

func TestRedirectURIsThatCannotBeRegistered(t *testing.T) {
	for _, u := range []string{"", "/cb", "http://shop.example/cb", "https://shop.example/cb#f", "https://u@shop.example/", "javascript:alert(1)", "https:///cb", "custom:cb"} {
		if _, err := directory.StaticClients(directory.Client{ID: "a", Name: "A", Origins: []string{"https://shop.example"}, RedirectURIs: []string{u}}); err == nil {
			t.Errorf("%q was taken", u)
		}
	}
}

func TestACodeStoreThatCannotAnswerGivesNoToken(t *testing.T) {
	broken := &noCodes{Store: new(idpmem.Store)}
	p := newIdP(t, func(c *idpserver.Config) { c.Store = broken })
	ada := p.create("ada@corp.example")
	b := p.browser()
	b.signIn("ada@corp.example")
	v, verifier := codeRequest(t)
	code := b.code(v, ada.ID)
	broken.down = true
	res := p.token(exchange(code, verifier))
	wantTokenError(t, res, 503, "temporarily_unavailable")
	broken.down = false
	wantStatus(t, p.token(exchange(code, verifier)), http.StatusOK)
}

// noCodes is a store that can lose its codes' table.
type noCodes struct {
	*idpmem.Store
	down bool
}

func (s *noCodes) TakeAuthorizationCode(ctx context.Context, id string, hash [32]byte, now time.Time, first directory.RefreshToken) (*directory.Authorization, error) {
	if s.down {
		return nil, errors.New("store is down")
	}
	return s.Store.TakeAuthorizationCode(ctx, id, hash, now, first)
}
