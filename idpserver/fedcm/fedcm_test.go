package fedcm_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// house is somebody else's identity provider: a cookie that holds a name, one
// relying party, and tokens that are not even JWTs.
type house struct {
	asserted     []fedcm.Assertion
	disconnected []string
	fail         error
}

func (h *house) Client(_ context.Context, id string) (*fedcm.Client, error) {
	if id != "rp" {
		return nil, fedcm.ErrUnknownClient
	}
	return &fedcm.Client{Origins: []string{"https://rp.example"}}, nil
}

func (h *house) Accounts(r *http.Request) ([]wire.Account, error) {
	if h.fail != nil {
		return nil, h.fail
	}
	c, err := r.Cookie("who")
	if err != nil {
		return nil, nil
	}
	return []wire.Account{{ID: c.Value, Email: c.Value + "@idp.example", LoginHints: []string{"hint of " + c.Value}}}, nil
}

func (h *house) Assert(_ *http.Request, a *fedcm.Assertion) (string, error) {
	h.asserted = append(h.asserted, *a)
	return "token for " + a.Account.ID, nil
}

func (h *house) Disconnect(_ *http.Request, clientID, accountID string) error {
	h.disconnected = append(h.disconnected, clientID+" "+accountID)
	return nil
}

func request(path string, form url.Values) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "https://idp.example"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Dest", "webidentity")
	r.Header.Set("Origin", "https://rp.example")
	r.AddCookie(&http.Cookie{Name: "who", Value: "ada"})
	return r
}

// Any identity provider can mount the endpoints beside its own pages.
func Example() {
	provider := &house{} // sessions and accounts of one's own
	endpoints, err := fedcm.New(fedcm.Config{
		Origin:    "https://idp.example",
		Provider:  provider,
		LoginPath: "/login",
		ErrorURL:  func(code string) string { return "https://idp.example/help?about=" + code },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("/fedcm/", endpoints)
	mux.Handle(fedcm.WellKnownPath, endpoints)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, request("/fedcm/assertion", url.Values{
		"client_id": {"rp"}, "account_id": {"ada"}, "params": {`{"nonce":"n-0S6_WzA2Mj"}`},
	}))
	fmt.Println(w.Code, w.Body)
	fmt.Println(endpoints.ConfigURL())
	// Output:
	// 200 {"token":"token for ada"}
	// https://idp.example/fedcm/config.json
}

func newHandler(t *testing.T, p fedcm.Provider, change ...func(*fedcm.Config)) *fedcm.Handler {
	t.Helper()
	c := fedcm.Config{Origin: "https://idp.example", Provider: p}
	for _, f := range change {
		f(&c)
	}
	h, err := fedcm.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func do(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestTheProviderGetsWhatWasCheckedAndNothingElse(t *testing.T) {
	p := &house{}
	h := newHandler(t, p)
	good := url.Values{"client_id": {"rp"}, "account_id": {"ada"}, "params": {`{"nonce":"n","scope":"x"}`},
		"fields": {"name"}, "disclosure_shown_for": {"name"}, "disclosure_text_shown": {"false"}, "is_auto_selected": {"true"}}
	for name, spoil := range map[string]func(*http.Request){
		"no header":      func(r *http.Request) { r.Header.Del("Sec-Fetch-Dest") },
		"no cookie":      func(r *http.Request) { r.Header.Del("Cookie") },
		"foreign cookie": func(r *http.Request) { r.Header.Set("Cookie", "who=grace") },
		"foreign origin": func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") },
	} {
		r := request("/fedcm/assertion", good)
		spoil(r)
		if w := do(h, r); w.Code < 400 || w.Code > 499 {
			t.Errorf("%s: status %d", name, w.Code)
		}
	}
	if len(p.asserted) != 0 {
		t.Fatalf("a refused request reached the provider: %+v", p.asserted)
	}
	if w := do(h, request("/fedcm/assertion", good)); w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	a := p.asserted[0]
	if a.ClientID != "rp" || a.Account.ID != "ada" || a.Nonce != "n" || a.Origin != "https://rp.example" ||
		!a.IsAutoSelected || a.DisclosureTextShown || strings.Join(a.Fields, ",") != "name" || a.Client == nil ||
		!strings.Contains(a.Params, `"scope":"x"`) {
		t.Errorf("assertion = %+v", a)
	}
}

func TestDisconnectKnowsAccountsByIDAndByHint(t *testing.T) {
	for hint, want := range map[string]string{"ada": "rp ada", "hint of ada": "rp ada", "grace": "", "*": "", "ada@idp.example": ""} {
		p := &house{}
		w := do(newHandler(t, p), request("/fedcm/disconnect", url.Values{"client_id": {"rp"}, "account_hint": {hint}}))
		if got := strings.Join(p.disconnected, ","); got != want || (w.Code == http.StatusOK) != (want != "") {
			t.Errorf("hint %q: status %d, disconnected %q", hint, w.Code, got)
		}
	}
}

func TestAProvidersOwnRefusalReachesTheBrowser(t *testing.T) {
	p := &house{fail: &fedcm.Error{Status: http.StatusForbidden, Code: "account_locked", Detail: "Unlock it first."}}
	h := newHandler(t, p, func(c *fedcm.Config) { c.ErrorURL = func(code string) string { return "https://idp.example/" + code } })
	w := do(h, request("/fedcm/assertion", url.Values{"client_id": {"rp"}, "account_id": {"ada"}, "params": {`{"nonce":"n"}`}}))
	var body struct {
		Error  struct{ Code, URL string }
		Detail string
	}
	if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
		t.Fatal(err)
	}
	if w.Code != http.StatusForbidden || body.Error.Code != "account_locked" || body.Error.URL != "https://idp.example/account_locked" || body.Detail != "Unlock it first." {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestAProvidersErrorIsLoggedAndNotSent(t *testing.T) {
	var log bytes.Buffer
	p := &house{fail: errors.New("db password rejected")}
	h := newHandler(t, p, func(c *fedcm.Config) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) })
	for _, r := range []*http.Request{
		request("/fedcm/assertion", url.Values{"client_id": {"rp"}, "account_id": {"ada"}, "params": {`{"nonce":"n"}`}}),
		request("/fedcm/disconnect", url.Values{"client_id": {"rp"}, "account_hint": {"ada"}}),
	} {
		w := do(h, r)
		if w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), fedcm.CodeUnavailable) || strings.Contains(w.Body.String(), "password") {
			t.Errorf("%s: %d %s", r.URL.Path, w.Code, w.Body)
		}
	}
	if !strings.Contains(log.String(), "db password rejected") || len(p.asserted)+len(p.disconnected) != 0 {
		t.Errorf("log %q, asserted %d, disconnected %v", &log, len(p.asserted), p.disconnected)
	}
}

func TestPathsCanBeMoved(t *testing.T) {
	h := newHandler(t, &house{}, func(c *fedcm.Config) { c.Prefix, c.LoginPath = "/auth/fedcm", "/auth/login" })
	if h.ConfigURL() != "https://idp.example/auth/fedcm/config.json" || !h.Handles("/auth/fedcm/accounts") || h.Handles("/fedcm/accounts") {
		t.Errorf("config at %s", h.ConfigURL())
	}
	w := do(h, httptest.NewRequest(http.MethodGet, "/.well-known/web-identity", nil))
	if !strings.Contains(w.Body.String(), "https://idp.example/auth/login") {
		t.Errorf("well-known: %s", w.Body)
	}
	if w := do(h, httptest.NewRequest(http.MethodGet, "/fedcm/accounts", nil)); w.Code != http.StatusNotFound {
		t.Errorf("the old path: status %d", w.Code)
	}
}

func TestNewSaysWhatIsMissing(t *testing.T) {
	for says, c := range map[string]fedcm.Config{
		"Origin":   {Provider: &house{}},
		"a path":   {Origin: "https://idp.example/", Provider: &house{}},
		"Provider": {Origin: "https://idp.example"},
		"slash":    {Origin: "https://idp.example", Provider: &house{}, Prefix: "fedcm"},
		"icon":     {Origin: "https://idp.example", Provider: &house{}, Branding: wire.Branding{Icons: []wire.Icon{{URL: "x", Size: 24}}}},
	} {
		if _, err := fedcm.New(c); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("error = %v, want one that says %q", err, says)
		}
	}
}

func FuzzEndpoints(f *testing.F) {
	h, err := fedcm.New(fedcm.Config{Origin: "https://idp.example", Provider: &house{}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("/fedcm/assertion", "client_id=rp&account_id=ada&params=%7B%22nonce%22%3A%22n%22%7D")
	f.Add("/fedcm/disconnect", "client_id=rp&account_hint=ada")
	f.Add("/fedcm/client-metadata", "client_id=%00")
	f.Fuzz(func(t *testing.T, path, form string) {
		r := request("/fedcm/assertion", nil)
		r.URL.Path, r.URL.RawQuery = path, form
		r.Body = http.NoBody
		if w := do(h, r); w.Code >= 500 {
			t.Errorf("%q, query %q: status %d", path, form, w.Code)
		}
		r = httptest.NewRequest(http.MethodPost, "/fedcm/assertion", strings.NewReader(form))
		r.Header = request("/", nil).Header
		r.URL.Path = path
		w := do(h, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Errorf("%q, form %q: status %d: %s", path, form, w.Code, w.Body)
		}
	})
}
