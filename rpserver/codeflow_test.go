package rpserver_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
)

func TestCodeFlowEndsInASession(t *testing.T) {
	f := newFlow(t)
	b := f.browser(t)
	request := f.begin(b, "/signin/start?return=/basket%3Fa=b")
	if request.Get("redirect_uri") != f.URL+"/signin/callback/lanternkey" || request.Get("code_challenge_method") != "S256" ||
		len(request.Get("nonce")) != 96 || request.Get("scope") != "openid profile email" {
		t.Errorf("request = %v", request)
	}
	callback := f.consent(request, "continue")
	status, to, body := f.follow(b, callback)
	if status != http.StatusSeeOther || to != "/basket?a=b" {
		t.Fatalf("callback: %d %q %s", status, to, body)
	}
	if who := b.whoami(); who != f.account {
		t.Errorf("signed in: %q", who)
	}
	// The same answer again, and a second one to the same request, as of somebody who
	// went back to the provider's page and pressed once more: they go on to where the
	// sign-in led.
	for name, again := range map[string]string{"the callback": callback, "the consent": f.consent(request, "continue")} {
		status, to, body := f.follow(b, again)
		if status != http.StatusSeeOther || to != "/basket?a=b" {
			t.Errorf("%s again: %d %q %s", name, status, to, body)
		}
		if who := b.whoami(); who != f.account {
			t.Errorf("%s again: signed in: %q", name, who)
		}
	}
	if a := b.do(b.request(http.MethodPost, "/signout", "", "")); a.status != http.StatusOK {
		t.Fatalf("sign-out: %d %s", a.status, a.body)
	}
	b.nonce() // a cookie of this browser
	f.refused(b, callback, "state_reused")
	u, err := url.Parse(callback)
	if err != nil {
		t.Fatal(err)
	}
	f.noSecrets(t, u.Query().Get("code"), u.Query().Get("state"), request.Get("nonce"), b.cookie("rp-browser"))
}

// Every refusal has its own code, and signs nobody in.
func TestCodeFlowRefusals(t *testing.T) {
	f := newFlow(t)
	change := func(path string, do func(url.Values)) string {
		p, query, _ := strings.Cut(path, "?")
		q, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		do(q)
		return p + "?" + q.Encode()
	}
	for name, c := range map[string]struct {
		change func(url.Values)
		code   string
	}{
		"no state":       {func(q url.Values) { q.Del("state") }, "state_missing"},
		"two states":     {func(q url.Values) { q.Add("state", "x") }, "state_missing"},
		"a made-up":      {func(q url.Values) { q.Set("state", "x") }, "state_unknown"},
		"a changed path": {func(q url.Values) { q.Set("state", q.Get("state")+"A") }, "state_unknown"},
		"another return": {func(q url.Values) {
			q.Set("state", q.Get("state")[:96]+"L2V2aWw0") // the seal of one path before another
		}, "state_unknown"},
		"another issuer":   {func(q url.Values) { q.Set("iss", "https://evil.example") }, "response_issuer"},
		"no issuer":        {func(q url.Values) { q.Del("iss") }, "response_issuer"},
		"no code":          {func(q url.Values) { q.Del("code") }, "auth_response_invalid"},
		"two codes":        {func(q url.Values) { q.Add("code", "x") }, "auth_response_invalid"},
		"another code":     {func(q url.Values) { q.Set("code", strings.Repeat("A", 43)) }, "code_refused"},
		"an error":         {func(q url.Values) { q.Del("code"); q.Set("error", "temporarily_unavailable") }, "provider_temporarily_unavailable"},
		"error and code":   {func(q url.Values) { q.Set("error", "access_denied") }, "auth_response_invalid"},
		"an unknown error": {func(q url.Values) { q.Del("code"); q.Set("error", "<script>") }, "provider_error"},
	} {
		t.Run(name, func(t *testing.T) {
			b := f.browser(t)
			f.refused(b, change(f.consent(f.begin(b, "/signin/start"), "continue"), c.change), c.code)
		})
	}
	t.Run("the person says no", func(t *testing.T) {
		b := f.browser(t)
		f.refused(b, f.consent(f.begin(b, "/signin/start"), "cancel"), "provider_access_denied")
	})
	t.Run("another browser", func(t *testing.T) {
		b, thief := f.browser(t), f.browser(t)
		callback := f.consent(f.begin(b, "/signin/start"), "continue")
		// WebKit may have kept the cookie back: the page is loaded once more, and not again.
		if status, _, body := f.follow(thief, callback); status != http.StatusOK || !strings.Contains(body, "http-equiv=\"refresh\"") || !strings.Contains(body, "&amp;again=1") {
			t.Errorf("without a cookie: %d %s", status, body)
		}
		f.refused(thief, callback+"&again=1", "browser_unknown")
		thief.nonce()
		f.refused(thief, callback, "state_other_browser")
		if status, _, body := f.follow(b, callback); status != http.StatusSeeOther { // not used up
			t.Errorf("its own browser: %d %s", status, body)
		}
	})
	t.Run("another browser's code in one's own sign-in", func(t *testing.T) { // code injection, RFC 9700 section 4.5
		victim, thief := f.browser(t), f.browser(t)
		stolen, err := url.Parse(f.consent(f.begin(victim, "/signin/start"), "continue"))
		if err != nil {
			t.Fatal(err)
		}
		own := f.consent(f.begin(thief, "/signin/start"), "continue")
		f.refused(thief, change(own, func(q url.Values) { q.Set("code", stolen.Query().Get("code")) }), "code_refused")
	})
	t.Run("a nonce is no state", func(t *testing.T) {
		b := f.browser(t)
		request := f.begin(b, "/signin/start")
		f.refused(b, "/signin/callback/lanternkey?code=x&state="+request.Get("nonce"), "state_unknown")
	})
	t.Run("another provider's callback", func(t *testing.T) {
		b := f.browser(t)
		callback := f.consent(f.begin(b, "/signin/start"), "continue")
		f.refused(b, strings.Replace(callback, "lanternkey", "other", 1), "provider_unknown")
	})
	t.Run("too late", func(t *testing.T) {
		b := f.browser(t)
		callback := f.consent(f.begin(b, "/signin/start"), "continue")
		f.clock.advance(10 * time.Minute)
		f.refused(b, callback, "state_expired")
	})
	t.Run("so late that the cookie is gone", func(t *testing.T) {
		b := f.browser(t)
		callback := f.consent(f.begin(b, "/signin/start"), "continue")
		f.clock.advance(10 * time.Minute)
		f.refused(f.browser(t), callback, "state_expired")
	})
	t.Run("start", func(t *testing.T) {
		b := f.browser(t)
		for _, bad := range []string{"//evil.example", "https://evil.example/", "%5C%5Cevil.example", "/%5Cevil.example", "/%09/evil.example",
			"evil", "javascript:alert(1)", "/a%0d%0aSet-Cookie:x", "//" + strings.Repeat("x", 2000)} {
			f.refused(b, "/signin/start?return="+bad, "return_url_refused")
		}
		f.refused(b, "/signin/start?return=/a&return=/b", "return_url_refused")
		f.refused(b, "/signin/start?return=/%zz", "malformed_query")
		f.refused(b, "/signin/callback/lanternkey?state=a;code=b", "state_unknown")
		f.refused(b, "/signin/start?provider=nobody", "provider_unknown")
		if a := b.do(b.request(http.MethodPost, "/signin/start", "", "")); a.status != http.StatusMethodNotAllowed {
			t.Errorf("POST: %d", a.status)
		}
	})
	t.Run("the store is down", func(t *testing.T) {
		b := f.browser(t)
		callback := f.consent(f.begin(b, "/signin/start"), "continue")
		f.store.setFail(failures{nonces: errors.New("disk full")})
		f.refused(b, callback, "temporarily_unavailable")
		f.begin(f.browser(t), "/signin/start") // which asks no store
		f.store.setFail(failures{})
	})
}

// A token endpoint that misbehaves signs nobody in.
func TestTokenAnswersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		code   string
	}{
		"down":             {500, `{}`, "token_endpoint_unreachable"},
		"no gateway":       {502, `<html>`, "token_endpoint_unreachable"},
		"busy":             {503, `{}`, "provider_busy"},
		"busy with us":     {429, ``, "provider_busy"},
		"busy in words":    {400, `{"error":"temporarily_unavailable"}`, "provider_busy"},
		"a redirect":       {307, ``, "token_answer_malformed"},
		"an error":         {400, `{"error":"invalid_grant"}`, "code_refused"},
		"not JSON":         {200, `token`, "token_answer_malformed"},
		"duplicate":        {200, `{"id_token":"a","id_token":"b"}`, "token_answer_malformed"},
		"no ID token":      {200, `{"access_token":"a"}`, "token_answer_without_id_token"},
		"a number":         {200, `{"id_token":1}`, "token_answer_malformed"},
		"a malformed one":  {200, `{"id_token":"a.b"}`, "token_malformed"},
		"huge":             {200, `{"id_token":"` + strings.Repeat("a", 1<<17) + `"}`, "provider_answer_too_large"},
		"a huge ID token":  {200, `{"id_token":"` + strings.Repeat("a", 20<<10) + `"}`, "provider_answer_too_large"},
		"a wrong client":   {401, `{"error":"invalid_client"}`, "client_refused"},
		"an unsigned one":  {200, `{"id_token":"eyJhbGciOiJub25lIn0.e30."}`, ""},
		"an array instead": {200, `[]`, "token_answer_malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			mux := http.NewServeMux()
			provider := httptest.NewServer(mux)
			t.Cleanup(provider.Close)
			mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, `{"issuer":"`+provider.URL+`","authorization_endpoint":"`+provider.URL+`/a","token_endpoint":"`+provider.URL+`/t","jwks_uri":"`+provider.URL+`/k"}`)
			})
			mux.HandleFunc("/k", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"keys":[]}`) })
			mux.HandleFunc("/t", func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Cookie") != "" || r.FormValue("code_verifier") == "" || r.FormValue("client_id") != clientID {
					t.Errorf("token request: %v %v", r.Header, r.Form)
				}
				w.Header().Set("Location", provider.URL+"/t")
				w.WriteHeader(c.status)
				_, _ = io.WriteString(w, c.body)
			})
			f := &flow{t: t, issuer: provider.URL}
			f.site = newSite(t, func(cfg *rpserver.Config) {
				cfg.Providers = []rpserver.Provider{{ConfigURL: provider.URL + "/c", Issuer: provider.URL, ClientID: clientID, Name: "p"}}
			})
			b := f.browser(t)
			_, to, _ := f.follow(b, "/signin/start")
			u, err := url.Parse(to)
			if err != nil {
				t.Fatal(err)
			}
			path := "/signin/callback/p?code=x&state=" + url.QueryEscape(u.Query().Get("state"))
			if c.code == "" {
				status, _, body := f.follow(b, path)
				if status != http.StatusForbidden || b.whoami() != "nobody" {
					t.Errorf("%d %s", status, body)
				}
				return
			}
			f.refused(b, path, c.code)
		})
	}
}
