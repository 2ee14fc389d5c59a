package rpserver_test

import (
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

var formField = regexp.MustCompile(`name="([^"]+)" value="([^"]*)"`)

// posted is a site on https whose provider answers by POST.
type posted struct {
	*httptest.Server
	t   *testing.T
	idp *idptest.Provider
	rp  *rpserver.RP
}

func newPosted(t *testing.T) *posted {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Answers: idptest.AnswerQuirks{FormPostOnly: true}}))
	p := &posted{t: t, idp: idp}
	p.Server = httptest.NewUnstartedServer(nil)
	p.StartTLS()
	t.Cleanup(p.Close)
	provider := configured(idp)
	provider.ResponseMode = "form_post"
	var err error
	p.rp, err = rpserver.New(rpserver.Config{
		Origin: p.URL, Providers: []rpserver.Provider{provider}, Store: new(rpmem.Store),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", p.rp)
	mux.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		if s, ok := p.rp.SignedIn(r); ok {
			_, _ = io.WriteString(w, s.Subject)
		}
	})
	p.Config.Handler = mux
	return p
}

// do is one request without a jar: which cookies come is for the test to say.
func (p *posted) do(method, address string, cookies []*http.Cookie, form url.Values) *http.Response {
	p.t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		p.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", p.idp.Issuer)
		r.Header.Set("Sec-Fetch-Site", "cross-site")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	}
	for _, c := range cookies {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := p.Client().Transport.RoundTrip(r)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { res.Body.Close() })
	return res
}

// begin returns the cookies of an attempt, and the form that the provider's page sends.
func (p *posted) begin() ([]*http.Cookie, url.Values) {
	p.t.Helper()
	start := p.do("GET", p.URL+"/signin/start?return=/whoami", nil, nil)
	at := p.do("GET", start.Header.Get("Location"), nil, nil)
	body, err := io.ReadAll(at.Body)
	if err != nil || at.StatusCode != 200 {
		p.t.Fatal(at.StatusCode, err, start.Header)
	}
	form := url.Values{}
	for _, m := range formField.FindAllStringSubmatch(string(body), -1) {
		form.Set(m[1], html.UnescapeString(m[2]))
	}
	return start.Cookies(), form
}

func TestAnAnswerThatComesByPOST(t *testing.T) {
	p := newPosted(t)
	cookies, form := p.begin()
	if len(cookies) != 1 || cookies[0].SameSite != http.SameSiteNoneMode || !cookies[0].Secure || !cookies[0].HttpOnly ||
		!strings.HasPrefix(cookies[0].Name, "__Host-rp-posted") || form.Get("code") == "" {
		t.Fatalf("%v %v", cookies, form)
	}
	to := p.rp.RedirectURIs()[0]
	if res := p.do("GET", to+"?"+form.Encode(), cookies, nil); res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("in the query: %d", res.StatusCode)
	}
	if res := p.do("POST", to, nil, form); res.StatusCode != 403 {
		t.Errorf("without the cookie: %d", res.StatusCode)
	}
	other, _ := p.begin()
	if res := p.do("POST", to, other, form); res.StatusCode != 403 {
		t.Errorf("with another browser's cookie: %d", res.StatusCode)
	}
	form["unknown"] = []string{"1", "2"}
	res := p.do("POST", to, cookies, form)
	if res.StatusCode != 303 || res.Header.Get("Location") != "/whoami" {
		body, _ := io.ReadAll(res.Body)
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	who, _ := io.ReadAll(p.do("GET", p.URL+"/whoami", res.Cookies(), nil).Body)
	if string(who) != ada {
		t.Errorf("signed in: %q", who)
	}
	// Once more, as with a button that is pressed twice: it goes on, and signs nobody in.
	res = p.do("POST", to, cookies, form)
	if res.StatusCode != 303 || res.Header.Get("Location") != "/whoami" {
		t.Errorf("again: %d", res.StatusCode)
	}
	for _, c := range res.Cookies() {
		if strings.Contains(c.Name, "rp-session") {
			t.Errorf("again: a session %v", c)
		}
	}
	if res := p.do("POST", to, other, form); res.StatusCode != 403 {
		t.Errorf("again, in another browser: %d", res.StatusCode)
	}
	if m := p.idp.Mistakes(); len(m) != 0 {
		t.Error(m)
	}
}

// A provider that answers in the query has no door for forms.
func TestOnlyAProviderThatPostsHasTheDoor(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	res, err := http.PostForm(a.rp.RedirectURIs()[0], url.Values{"state": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("%d", res.StatusCode)
	}
	_, err = rpserver.New(rpserver.Config{
		Origin: "http://shop.localhost:8080", Store: new(rpmem.Store),
		Providers: []rpserver.Provider{{Issuer: "https://idp.example", ClientID: "x", ResponseMode: "form_post"}},
	})
	if err == nil || !strings.Contains(err.Error(), "https") {
		t.Errorf("on http: %v", err)
	}
}
