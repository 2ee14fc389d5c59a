package rpserver_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// step is one request of the browser that follows nothing.
func (a *away) step(method, path string, header map[string]string) *http.Response {
	a.t.Helper()
	r, err := http.NewRequest(method, a.URL+path, nil)
	if err != nil {
		a.t.Fatal(err)
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	client := *a.http
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	a.t.Cleanup(func() { res.Body.Close() })
	return res
}

// A link in a mail, or on the site's other host, leads to a page that redirects here, and
// the browser still says that the person came from another site.
func TestASignInBeginsWhereverThePersonComesFrom(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"a link in a mail":          {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 303},
		"the site's other host":     {map[string]string{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 303},
		"the site itself":           {map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 303},
		"a browser that says less":  {nil, 303},
		"a frame":                   {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}, 403},
		"an image":                  {map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}, 403},
		"a script":                  {map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"}, 403},
		"an object":                 {map[string]string{"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"}, 403},
		"fetched ahead of a press":  {map[string]string{"Sec-Purpose": "prefetch;prerender"}, 503},
		"a frame of its own origin": {map[string]string{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "frame"}, 403},
	} {
		a.newBrowser()
		res := a.step("GET", "/signin/start", c.header)
		if res.StatusCode != c.status || (len(res.Cookies()) > 0) != (c.status == 303) {
			t.Errorf("%s: %d, cookies %v", name, res.StatusCode, res.Cookies())
		}
	}
}

// Programs that look at an address leave nothing behind, and take nothing.
func TestAProgramThatOnlyLooksTakesNothing(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	if res := a.step("HEAD", "/signin/start", nil); res.StatusCode != 200 || len(res.Cookies()) != 0 {
		t.Errorf("%d %v", res.StatusCode, res.Cookies())
	}
	start := a.step("GET", "/signin/start?return=/whoami", nil)
	at, err := http.DefaultTransport.RoundTrip(mustRequest(t, "GET", start.Header.Get("Location")))
	if err != nil {
		t.Fatal(err)
	}
	at.Body.Close()
	callback, ok := strings.CutPrefix(at.Header.Get("Location"), a.URL)
	if !ok {
		t.Fatal(at.StatusCode, at.Header)
	}
	for range 2 {
		if res := a.step("HEAD", callback, nil); res.StatusCode != 503 || len(res.Cookies()) != 0 {
			t.Errorf("%d %v", res.StatusCode, res.Cookies())
		}
	}
	if res := a.step("GET", callback, nil); res.StatusCode != 303 || res.Header.Get("Location") != "/whoami" || a.who() != ada {
		t.Errorf("%d %q, %s", res.StatusCode, res.Header.Get("Location"), a.who())
	}
	// Loaded again, it goes on to where it went.
	if res := a.step("GET", callback, nil); res.StatusCode != 303 || res.Header.Get("Location") != "/whoami" {
		t.Errorf("again: %d %q", res.StatusCode, res.Header.Get("Location"))
	}
}

func mustRequest(t *testing.T, method, address string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// Whoever was too slow, or was refused, starts again and comes to where they wanted.
func TestARefusedPersonStartsAgainFromThePage(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	begin := func() string {
		t.Helper()
		start := a.step("GET", "/signin/start?return=/whoami", nil)
		at, err := http.DefaultTransport.RoundTrip(mustRequest(t, "GET", start.Header.Get("Location")))
		if err != nil {
			t.Fatal(err)
		}
		at.Body.Close()
		return at.Header.Get("Location")
	}
	for name, c := range map[string]struct {
		before, between func()
		code            string
	}{
		"too slow":    {nil, func() { idp.Advance(11 * time.Minute) }, "state_expired"},
		"they say no": {func() { idp.Denies("access_denied") }, nil, "provider_access_denied"},
		"an outage":   {func() { idp.Denies("temporarily_unavailable") }, nil, "provider_temporarily_unavailable"},
		"no code":     {nil, func() { idp.Fails(idptest.Token, idptest.Fault{Status: 500, Times: 1}) }, "provider_busy"},
	} {
		a.newBrowser()
		if c.before != nil {
			c.before()
		}
		callback := begin()
		if c.between != nil {
			c.between()
		}
		p := a.open(callback)
		_, rest, _ := strings.Cut(p.body, `<a href="/signin/start?`)
		link, _, found := strings.Cut(rest, `"`)
		if p.code != c.code || !found {
			t.Errorf("%s: %d %s %s", name, p.status, p.code, p.body)
			continue
		}
		if p := a.open(a.URL + "/signin/start?" + strings.ReplaceAll(link, "&amp;", "&")); p.body != ada || p.at.Path != "/whoami" {
			t.Errorf("%s: started again, and came to %s %s", name, p.at, p.code)
		}
	}
}

func TestAReturnPathThatIsTooLongIsDroppedAndNotTheSignIn(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	if p := a.open(a.URL + "/signin/start?return=/" + strings.Repeat("x", 3000)); p.at.Path != "/" || a.who() != ada {
		t.Errorf("%s, %s", p.at, a.who())
	}
}

// RFC 6749 section 3.1: what has no value counts as left out, and nobody minds twice what
// nobody knows.
func TestParametersWithoutAValueAreNone(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	if p := a.open(a.URL + "/signin/start?provider=&return=&login_hint=&;&x=1&x=2"); p.at.Path != "/" || a.who() != ada {
		t.Errorf("%s %d %s, %s", p.at, p.status, p.code, a.who())
	}
	for query, code := range map[string]string{
		"":                 "state_missing",
		"state=":           "state_missing",
		"state=a;b":        "state_unknown",
		"state=a&state=b":  "state_missing",
		"state=a&code=%zz": "malformed_query",
	} {
		if p := a.open(a.rp.RedirectURIs()[0] + "?" + query); p.code != code {
			t.Errorf("%q: %s, not %s", query, p.code, code)
		}
	}
}

// OpenID Connect Core section 4: the provider, or a portal, begins the sign-in.
func TestASignInThatOthersBegin(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, nil)
	post := func(form url.Values) page {
		res, err := a.http.PostForm(a.rp.InitiateLoginURI(), form)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return page{status: res.StatusCode, at: res.Request.URL}
	}
	for target, want := range map[string]string{
		a.URL + "/whoami": "/whoami", "": "/", "https://evil.example/": "/", a.URL + ".evil.example/": "/", "/whoami": "/",
		a.URL: "/", "//evil.example": "/", a.URL + "//evil.example": "/",
	} {
		q := url.Values{"iss": {idp.Issuer}, "target_link_uri": {target}, "login_hint": {"ada@example.test"}}
		a.newBrowser()
		if p := a.open(a.rp.InitiateLoginURI() + "?" + q.Encode()); p.at.Path != want || p.at.Host != mustRequest(t, "GET", a.URL).Host || a.who() != ada {
			t.Errorf("%q leads to %s, %s", target, p.at, a.who())
		}
		a.newBrowser()
		if p := post(q); p.at.Path != want || a.who() != ada {
			t.Errorf("by POST %q leads to %s, %s", target, p.at, a.who())
		}
	}
	var hinted bool
	for _, r := range idp.Requests() {
		hinted = hinted || r.Endpoint == idptest.Authorization && r.Form.Get("login_hint") == "ada@example.test"
	}
	if !hinted {
		t.Error("the hint got lost")
	}
	a.newBrowser()
	if p := a.open(a.rp.InitiateLoginURI() + "?iss=" + idp.Issuer + "&target_link_uri=" + a.URL + "/whoami&target_link_uri=" + a.URL + "/"); p.at.Path != "/" || a.who() != ada {
		t.Errorf("two targets lead to %s, %s", p.at, a.who())
	}
	for _, q := range []string{"", "?iss=https://evil.example", "?iss=" + idp.Issuer + "&iss=" + idp.Issuer} {
		if p := a.open(a.rp.InitiateLoginURI() + q); p.code != "provider_unknown" {
			t.Errorf("%q: %d %s", q, p.status, p.code)
		}
	}
}

// A browser that keeps no session is told so, and not sent round and round.
func TestRequireUserSendsPeopleToSignInOnce(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	mux := http.NewServeMux()
	mux.Handle("/", a.Config.Handler)
	mux.Handle("/orders", a.rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("orders"))
	})))
	a.Config.Handler = mux
	page := map[string]string{"Accept": "text/html"}
	if res := a.step("GET", "/orders?year=2026", page); res.StatusCode != 303 || !strings.HasSuffix(res.Header.Get("Location"), "return=%2Forders%3Fyear%3D2026") {
		t.Errorf("%d %q", res.StatusCode, res.Header.Get("Location"))
	}
	for name, c := range map[string]struct {
		method string
		header map[string]string
	}{
		"a script": {"GET", map[string]string{"Accept": "*/*"}},
		"a form":   {"POST", page},
	} {
		if res := a.step(c.method, "/orders", c.header); res.StatusCode != 403 {
			t.Errorf("%s: %d %q", name, res.StatusCode, res.Header.Get("Location"))
		}
	}
	a.as(ada) // and now the session goes
	for _, c := range a.jar.Cookies(mustRequest(t, "GET", a.URL).URL) {
		if strings.HasPrefix(c.Name, "rp-session") {
			c.MaxAge = -1
			a.jar.SetCookies(mustRequest(t, "GET", a.URL).URL, []*http.Cookie{c})
		}
	}
	if res := a.step("GET", "/orders", page); res.StatusCode != 403 {
		t.Errorf("a browser without a session goes to %q with %d", res.Header.Get("Location"), res.StatusCode)
	}
}

// The other side's words, both sides of a comparison and the setting reach whoever draws
// the page as well.
func TestARefusalPageOfOnesOwnHasWhatTheLogHas(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Token: idptest.TokenQuirks{AuthorizedParty: "the-app"}}))
	var got rpserver.Refusal
	a := newAway(t, idp, nil, func(c *rpserver.Config) {
		c.RefusalPage = func(w http.ResponseWriter, _ *http.Request, why rpserver.Refusal) {
			got = why
			w.WriteHeader(why.Status)
		}
	})
	a.signIn()
	if got.Code != "azp_mismatch" || got.Setting != "AuthorizedParties" || got.Got != "the-app" || got.Want != idp.ClientID ||
		got.Again != "/signin/start?provider=idp&return=%2Fwhoami" {
		t.Errorf("%+v", got)
	}
	idp.Set(idptest.Quirks{})
	idp.Denies("invalid_scope")
	a.signIn()
	if got.Code != "provider_invalid_scope" || !strings.HasPrefix(got.Said, "invalid_scope") || got.Setting == "" {
		t.Errorf("%+v", got)
	}
}
