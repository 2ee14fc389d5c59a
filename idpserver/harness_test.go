package idpserver_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

const (
	loopback     = "http://idp.localhost:8080"
	shopOrigin   = "http://shop.localhost:8080"
	shopID       = "shop"
	shopRedirect = shopOrigin + "/signin/callback"
	wikiSecret   = "wiki:secret/with+signs-0123456789"
	password     = "correct horse battery staple"
)

var rsKey, esKey idpserver.Key

// newKey makes a key as an operator would: generated once, read at each start.
func newKey(a jws.Algorithm) idpserver.Key {
	text, err := idpserver.GenerateKeys(a, time.Now())
	if err != nil {
		panic(err)
	}
	keys, err := idpserver.ParseKeys(text)
	if err != nil {
		panic(err)
	}
	return keys[0]
}

func TestMain(m *testing.M) {
	idpserver.CheapPasswords(1)
	rsKey, esKey = newKey(jws.RS256), newKey(jws.ES256)
	os.Exit(m.Run())
}

// idp is a provider under test with everything that it touches.
type idp struct {
	*idpserver.Server
	t      testing.TB
	issuer string
	store  directory.Store
	now    time.Time

	mu      sync.Mutex
	log     bytes.Buffer
	mails   []idpserver.Mail
	secrets map[string]bool // must never be in the log
}

var clients = []directory.Client{
	{ID: shopID, Name: "Corner Shop", Origins: []string{shopOrigin, "https://shop.example"},
		PrivacyPolicyURL: "https://shop.example/privacy", TermsOfServiceURL: "https://shop.example/terms",
		RedirectURIs: []string{shopRedirect, "https://shop.example/cb?from=idp"}, PostLogoutRedirectURIs: []string{shopBye}},
	{ID: "wiki", Name: "Wiki", Origins: []string{"https://wiki.example"}, IDTokenSignedResponseAlg: jws.ES256,
		RedirectURIs: []string{"https://wiki.example/cb"}, SecretHash: directory.HashClientSecret(wikiSecret)},
	{ID: "legacy", Name: "Legacy", Origins: []string{"https://legacy.example"}, InsecureNoNonce: true},
	{ID: "older", Name: "Older", Origins: []string{"https://older.example"}, RedirectURIs: []string{"https://older.example/cb"},
		SecretHash: directory.HashClientSecret(wikiSecret), AllowNoPKCE: true, RequireNonce: true, ClaimsAtUserinfo: true, RefreshTokens: true},
	{ID: "app", Name: "App", URL: "https://app.example", Native: true, RedirectURIs: []string{"http://127.0.0.1/cb", "com.example.app:/cb"}},
	{ID: "orders", Name: "Orders", Origins: []string{"https://orders.example"}, SecretHash: directory.HashClientSecret(wikiSecret)},
}

// newIdP makes a provider on plain http loopback; change adjusts its config.
func newIdP(t testing.TB, change ...func(*idpserver.Config)) *idp {
	t.Helper()
	p := &idp{t: t, store: new(idpmem.Store), now: time.Now().Truncate(time.Millisecond), secrets: map[string]bool{}}
	static, err := directory.StaticClients(clients...)
	if err != nil {
		t.Fatal(err)
	}
	c := idpserver.Config{
		Issuer: loopback, Name: "Test ID", Store: p.store, Clients: static,
		Keys:              []idpserver.Key{rsKey, esKey},
		Domains:           []string{"corp.example"},
		DirectConnections: true,
		Now:               func() time.Time { return p.now },
		Log: slog.New(slog.NewJSONHandler(writerFunc(func(b []byte) (int, error) {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.log.Write(b)
		}), &slog.HandlerOptions{Level: slog.LevelDebug})),
		Mailer: idpserver.MailerFunc(func(_ context.Context, m idpserver.Mail) error {
			p.mu.Lock()
			defer p.mu.Unlock()
			p.mails = append(p.mails, m)
			return nil
		}),
	}
	for _, f := range change {
		f(&c)
	}
	if p.Server, err = idpserver.New(c); err != nil {
		t.Fatal(err)
	}
	p.issuer, p.store = c.Issuer, c.Store
	p.secret(password)
	t.Cleanup(p.searchLog)
	return p
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }

// secret remembers a value that must never be logged.
func (p *idp) secret(s string) {
	if len(s) >= 6 {
		p.mu.Lock()
		p.secrets[s] = true
		p.mu.Unlock()
	}
}

// searchLog runs at the end of every test that made a provider.
func (p *idp) searchLog() {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log.String()
	for s := range p.secrets {
		if strings.Contains(log, s) {
			p.t.Errorf("the log holds a secret or an address: %q", s)
		}
	}
	if strings.Contains(log, "panic") {
		p.t.Errorf("the log speaks of a panic:\n%s", log)
	}
}

func (p *idp) logged(s string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Contains(p.log.String(), s)
}

var mailedCode = regexp.MustCompile(`[A-Z2-7]{4}-[A-Z2-7]{4}`)

// lastCode is the code of the newest mail.
func (p *idp) lastCode() string {
	p.t.Helper()
	p.mu.Lock()
	if len(p.mails) == 0 {
		p.mu.Unlock()
		p.t.Fatal("no mail was sent")
	}
	code := mailedCode.FindString(p.mails[len(p.mails)-1].Text)
	p.mu.Unlock()
	if code == "" {
		p.t.Fatal("the mail holds no code")
	}
	p.secret(code)
	p.secret(strings.ReplaceAll(code, "-", ""))
	return code
}

// create makes an account on the operator's word.
func (p *idp) create(email string, change ...func(*idpserver.NewAccount)) *directory.Account {
	p.t.Helper()
	n := idpserver.NewAccount{Email: email, Name: "Ada Lovelace", GivenName: "Ada", Password: password, EmailVerified: true}
	for _, f := range change {
		f(&n)
	}
	a, err := p.CreateAccount(context.Background(), n)
	if err != nil {
		p.t.Fatal(err)
	}
	p.secret(email)
	return a
}

// accounts asks the accounts endpoint as the browser's FedCM does.
func (b *browser) accounts() *http.Response {
	r := httptest.NewRequest(http.MethodGet, b.p.issuer+"/fedcm/accounts", nil)
	r.Header.Set("Sec-Fetch-Dest", "webidentity")
	r.Header.Set("Accept", "application/json")
	return b.send(r, true)
}

// assertionRequest is the request of the browser's FedCM for a token.
func (b *browser) assertionRequest(form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, b.p.issuer+"/fedcm/assertion", strings.NewReader(form.Encode()))
	r.Header.Set("Sec-Fetch-Dest", "webidentity")
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", shopOrigin)
	return r
}

const testNonce = "nonce-of-this-browser-0123456789"

// assertionForm is what Chromium 156 sends for a first sign-in.
func assertionForm(account string) url.Values {
	return values("client_id", shopID, "account_id", account, "params", `{"nonce":"`+testNonce+`"}`,
		"fields", "name,email,picture", "disclosure_shown_for", "name,email,picture",
		"disclosure_text_shown", "true", "is_auto_selected", "false", "mode", "passive")
}

// assert asks for a token and returns it.
func (b *browser) assert(form url.Values) string {
	b.p.t.Helper()
	b.p.secret(testNonce)
	res := b.send(b.assertionRequest(form), true)
	if res.StatusCode != http.StatusOK {
		b.p.t.Fatalf("assertion: status %d: %s", res.StatusCode, body(b.p.t, res))
	}
	var answer struct{ Token string }
	decode(b.p.t, res, &answer)
	b.p.secret(answer.Token)
	return answer.Token
}

func body(t testing.TB, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	res.Body = io.NopCloser(bytes.NewReader(b))
	return string(b)
}

func decode(t testing.TB, res *http.Response, v any) {
	t.Helper()
	if ct := res.Header.Get("Content-Type"); ct != "application/json" {
		t.Fatalf("Content-Type = %q", ct)
	}
	if err := json.Unmarshal([]byte(body(t, res)), v); err != nil {
		t.Fatal(err)
	}
}

// claims reads a token's payload without judging it.
func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("token has %d parts", len(parts))
	}
	b, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func wantStatus(t testing.TB, res *http.Response, want int) {
	t.Helper()
	if res.StatusCode != want {
		t.Fatalf("status = %d, want %d; body: %s", res.StatusCode, want, body(t, res))
	}
}

// wantPageCode checks the code that a page shows with its refusal.
func wantPageCode(t testing.TB, res *http.Response, status int, code string) {
	t.Helper()
	wantStatus(t, res, status)
	if !strings.Contains(body(t, res), `data-code="`+code+`"`) {
		t.Fatalf("the page has no data-code=%q:\n%s", code, body(t, res))
	}
}

func wantRedirect(t testing.TB, res *http.Response, to string) {
	t.Helper()
	wantStatus(t, res, http.StatusSeeOther)
	if got := res.Header.Get("Location"); got != to {
		t.Fatalf("Location = %q, want %q", got, to)
	}
}
