package rpserver_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// answer begins a sign-in and returns where the provider sends the browser back to.
func (a *away) answer(start string) string {
	a.t.Helper()
	at, err := http.DefaultTransport.RoundTrip(mustRequest(a.t, "GET", a.step("GET", start, nil).Header.Get("Location")))
	if err != nil {
		a.t.Fatal(err)
	}
	at.Body.Close()
	return at.Header.Get("Location")
}

// From the history or a bookmark: whoever is signed in comes to the page that it led to.
func TestAnOldAnswerOpenedByWhoIsSignedInLeadsToItsPage(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	used, unused := a.answer("/signin/start?return=/whoami"), a.answer("/signin/start?return=/whoami")
	if p := a.open(used); p.body != ada {
		t.Fatal(p.at, p.body)
	}
	elsewhere := newAway(t, idp, nil) // another site of this provider, and another secret
	foreign := strings.Replace(elsewhere.answer("/signin/start?return=/whoami"), elsewhere.URL, a.URL, 1)
	idp.Advance(11 * time.Minute)
	for name, callback := range map[string]string{"used": used, "expired": unused} {
		if p := a.open(callback); p.body != ada || p.at.Path != "/whoami" {
			t.Errorf("%s: ended at %s with %d %s", name, p.at.Path, p.status, p.code)
		}
	}
	if p := a.open(foreign); p.code != "state_unknown" {
		t.Errorf("of nobody here: %d %s at %s", p.status, p.code, p.at)
	}
	signedIn := a.jar
	a.newBrowser()
	for name, want := range map[string]string{used: "browser_unknown", unused: "state_expired"} {
		if p := a.open(name); p.code != want && p.code != "state_expired" {
			t.Errorf("nobody signed in: %d %s, want %s", p.status, p.code, want)
		}
	}
	a.jar, a.http.Jar = signedIn, signedIn
	if who := a.who(); who != ada {
		t.Errorf("then %s is signed in", who)
	}
}

// An old answer is no proof of anything that was to be done besides.
func TestAnOldAnswerConfirmsNobody(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	a := newAway(t, idp, nil)
	a.as(ada)
	callback := a.answer("/signin/start?max_age=60&return=/whoami")
	idp.Advance(11 * time.Minute)
	if p := a.open(callback); p.code != "state_expired" {
		t.Errorf("ended at %s with %d %s", p.at, p.status, p.code)
	}
}

// Entra and some gateways leave state out of their errors.
func TestAnErrorWithoutStateIsSaidToBeTheProviders(t *testing.T) {
	a := newAway(t, idptest.New(t), nil)
	p := a.open(a.URL + "/signin/callback/idp?" + url.Values{"error": {"temporarily_unavailable"}, "error_description": {"AADSTS90033: a transient error"}}.Encode())
	if p.code != "provider_temporarily_unavailable" || !strings.Contains(p.body, "/signin/start?") {
		t.Errorf("%d %s %s", p.status, p.code, p.body)
	}
	a.logged("AADSTS90033", "the provider refused")
	for _, query := range []string{"error=a&error=b", "code=x", "error=access_denied&state=a&state=b"} {
		if p := a.open(a.URL + "/signin/callback/idp?" + query); p.code != "state_missing" {
			t.Errorf("%s: %d %s", query, p.status, p.code)
		}
	}
}

// gate holds requests with a form up, that for tokens, until it is opened.
type gate struct{ came, open chan struct{} }

func (g gate) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Method == http.MethodPost {
		g.came <- struct{}{}
		<-g.open
	}
	return http.DefaultTransport.RoundTrip(r)
}

// Something fetches the same answer at the same time: the second one waits for the first.
func TestAnAnswerThatComesTwiceAtOnceSignsInOnce(t *testing.T) {
	g := gate{make(chan struct{}), make(chan struct{})}
	a := newAway(t, idptest.New(t), nil, func(c *rpserver.Config) { c.Client = &http.Client{Transport: g} })
	callback := a.answer("/signin/start?return=/whoami")
	first := make(chan page)
	go func() { first <- a.open(callback) }()
	<-g.came
	second := a.step("GET", strings.TrimPrefix(callback, a.URL), nil)
	body, err := io.ReadAll(second.Body)
	if err != nil || second.StatusCode != http.StatusOK || !strings.Contains(string(body), `content="2;url=`) || !strings.Contains(string(body), "again=1") {
		t.Errorf("the second one: %d %s", second.StatusCode, body)
	}
	close(g.open)
	if p := <-first; p.body != ada {
		t.Errorf("the first one: %d %s", p.status, p.code)
	}
	if p := a.open(callback + "&again=1"); p.body != ada || p.at.Path != "/whoami" {
		t.Errorf("the second one, a moment later: %d %s at %s", p.status, p.code, p.at)
	}
	a.newBrowser()
	if p := a.open(callback + "&again=1"); p.code == "" {
		t.Errorf("no end for who is not signed in: %d at %s", p.status, p.at)
	}
}

// The iss of an answer (RFC 9207) is that of a tenant, or another form of the provider's.
func TestTheIssuerOfAnAnswerIsOneOfTheProviders(t *testing.T) {
	many := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{Tenant: "contoso", DiscoveryElsewhere: true}}))
	tenants := func(p *rpserver.Provider) {
		p.Issuer, p.DiscoveryURL, p.Tenants = many.Template(), many.DiscoveryURL(), []string{"fabrikam", "contoso"}
	}
	of := func(tenant string) string { return strings.ReplaceAll(many.Template(), "{tenantid}", tenant) }
	for name, c := range map[string]struct {
		settings func(*rpserver.Provider)
		iss      string
		code     string
	}{
		"a tenant's":         {tenants, of("contoso"), ""},
		"another tenant's":   {tenants, of("evil"), "response_issuer"},
		"an alias":           {func(p *rpserver.Provider) { p.IssuerAliases = []string{"idp.example"} }, "idp.example", ""},
		"no alias":           {nil, "idp.example", "response_issuer"},
		"an alias of others": {func(p *rpserver.Provider) { p.IssuerAliases = []string{"idp.example"} }, "evil.example", "response_issuer"},
	} {
		idp := many
		if !strings.Contains(name, "tenant") {
			idp = idptest.New(t)
		}
		a := newAway(t, idp, c.settings)
		u, err := url.Parse(a.answer("/signin/start?return=/whoami"))
		if err != nil {
			t.Fatal(err)
		}
		q := u.Query()
		q.Set("iss", c.iss)
		u.RawQuery = q.Encode()
		if p := a.open(u.String()); (c.code == "") != (p.body == ada) || !strings.HasPrefix(p.code, c.code) {
			t.Errorf("%s: %d %s", name, p.status, p.code)
		}
	}
}
