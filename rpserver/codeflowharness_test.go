package rpserver_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// flow is a relying party, the kit's provider, and a person's browser that is
// signed in at the provider.
type flow struct {
	*site
	t       *testing.T
	issuer  string
	account string
	idpJar  map[string]*http.Cookie
}

func newFlow(t *testing.T, change ...func(*rpserver.Config)) *flow {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &flow{t: t, issuer: "http://" + l.Addr().String(), idpJar: map[string]*http.Cookie{}}
	f.site = newSite(t, func(c *rpserver.Config) {
		c.Providers = []rpserver.Provider{{
			ConfigURL: f.issuer + "/fedcm/config.json", Issuer: f.issuer, ClientID: clientID, Name: "lanternkey",
		}}
		for _, f := range change {
			f(c)
		}
	})
	p := newProviderServer(t, l, f.issuer, f.site, jws.RS256)
	const email, password = "grace@example.test", "a long enough password"
	a, err := p.CreateAccount(context.Background(), idpserver.NewAccount{Email: email, Name: "Grace Hopper", Password: password, EmailVerified: true})
	if err != nil {
		t.Fatal(err)
	}
	f.account = a.ID
	if res := f.provider("POST", "/signin", url.Values{"email": {email}, "password": {password}}); res.StatusCode != http.StatusSeeOther {
		t.Fatalf("sign-in at the provider: %d", res.StatusCode)
	}
	return f
}

// provider is a request of the browser to the provider.
func (f *flow) provider(method, path string, form url.Values) *http.Response {
	f.t.Helper()
	r, err := http.NewRequest(method, f.issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", f.issuer)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for _, c := range f.idpJar {
		r.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value})
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		f.t.Fatal(err)
	}
	res.Body.Close()
	for _, c := range res.Cookies() {
		f.idpJar[c.Name] = c
	}
	return res
}

// follow is a navigation of the browser at the relying party.
func (f *flow) follow(b *browser, path string) (status int, location, body string) {
	f.t.Helper()
	r, err := http.NewRequest(http.MethodGet, f.URL+path, nil)
	if err != nil {
		f.t.Fatal(err)
	}
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	client := *b.client
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	if err != nil {
		f.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Location"), string(text)
}

// begin starts a sign-in and returns the request to the provider.
func (f *flow) begin(b *browser, start string) url.Values {
	f.t.Helper()
	status, to, body := f.follow(b, start)
	if status != http.StatusSeeOther || !strings.HasPrefix(to, f.issuer+"/authorize?") {
		f.t.Fatalf("start: %d %q %s", status, to, body)
	}
	u, err := url.Parse(to)
	if err != nil {
		f.t.Fatal(err)
	}
	return u.Query()
}

// consent says yes at the provider and returns the path of the callback.
func (f *flow) consent(request url.Values, do string) string {
	f.t.Helper()
	request.Set("do", do)
	request.Set("account", f.account)
	res := f.provider("POST", "/authorize/consent", request)
	to := res.Header.Get("Location")
	path, ok := strings.CutPrefix(to, f.URL)
	if res.StatusCode != http.StatusSeeOther || !ok {
		f.t.Fatalf("consent: %d %q", res.StatusCode, to)
	}
	return path
}

func (f *flow) refused(b *browser, path, code string) {
	f.t.Helper()
	status, to, body := f.follow(b, path)
	if status < 400 || to != "" || !strings.Contains(body, `data-code="`+code+`"`) {
		f.t.Errorf("refusal = %d %q %s, want %s", status, to, body, code)
	}
	if who := b.whoami(); who != "nobody" {
		f.t.Errorf("signed in: %q", who)
	}
}
