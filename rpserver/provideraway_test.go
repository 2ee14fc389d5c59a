package rpserver_test

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// away is a relying party with one provider of idptest, and a person with a browser.
type away struct {
	*site
	t    *testing.T
	idp  *idptest.Provider
	jar  *cookiejar.Jar
	http *http.Client
	rows *rpmem.Store
}

// configured is what a site writes down of a provider that keeps to the standard.
func configured(idp *idptest.Provider) rpserver.Provider {
	return rpserver.Provider{Issuer: idp.Issuer, ClientID: idp.ClientID, ClientSecret: idp.ClientSecret, Name: "idp"}
}

func newAway(t *testing.T, idp *idptest.Provider, settings func(*rpserver.Provider), change ...func(*rpserver.Config)) *away {
	t.Helper()
	p := configured(idp)
	if settings != nil {
		settings(&p)
	}
	a := &away{t: t, idp: idp}
	a.site = newSite(t, func(c *rpserver.Config) {
		c.Providers, c.Now = []rpserver.Provider{p}, idp.Now
		a.rows = rpmem.New(idp.Now().Add(-time.Hour))
		c.Users, c.Nonces, c.SignIns, c.SessionStore = nil, nil, nil, nil
		c.Store = a.rows
		for _, f := range change {
			f(c)
		}
	})
	a.newBrowser()
	return a
}

func (a *away) newBrowser() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		a.t.Fatal(err)
	}
	a.jar, a.http = jar, &http.Client{Jar: jar, Timeout: time.Minute}
}

// page is where a navigation ended.
type page struct {
	status int
	at     *url.URL
	body   string
	code   string // of a refusal
}

var codeOfPage = regexp.MustCompile(`data-code="([a-z0-9_]+)"`)

// open goes to an address as a browser does, through all redirects.
func (a *away) open(address string) page {
	a.t.Helper()
	return a.sent(mustRequest(a.t, "GET", address))
}

func (a *away) sent(r *http.Request) page {
	a.t.Helper()
	res, err := a.http.Do(r)
	if err != nil {
		a.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	p := page{status: res.StatusCode, at: res.Request.URL, body: string(body)}
	if m := codeOfPage.FindStringSubmatch(p.body); m != nil {
		p.code = m[1]
	}
	return p
}

// signIn goes through the code flow, to the page that says who is signed in.
func (a *away) signIn() page {
	a.t.Helper()
	return a.open(a.URL + "/signin/start?return=/whoami")
}

func (a *away) who() string {
	a.t.Helper()
	return a.open(a.URL + "/whoami").body
}

// as says how a sign-in must end: as this subject, or refused with this code.
func (a *away) as(subject string) {
	a.t.Helper()
	if p := a.signIn(); p.status != 200 || p.body != subject {
		a.t.Errorf("ended at %s with %d %s %s\nlog: %s\nmistakes: %v", p.at.Path, p.status, p.code, shorten(p.body), a.log, a.idp.Mistakes())
	}
}

func (a *away) refused(code string) page {
	a.t.Helper()
	p := a.signIn()
	if p.code != code || a.who() != "nobody" {
		a.t.Errorf("ended at %s with %d %q, want %s; %s is signed in\n%s\nlog: %s", p.at.Path, p.status, p.code, code, a.who(), shorten(p.body), a.log)
	}
	return p
}

// logged asks for words in one line of the log.
func (a *away) logged(words ...string) {
	a.t.Helper()
	for line := range strings.Lines(a.log.String()) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return
		}
	}
	a.t.Errorf("no line of the log says %q:\n%s", words, a.log)
}

func shorten(s string) string {
	if len(s) > 300 {
		s = s[:300] + "..."
	}
	return s
}

// An address that redirects is not followed; which setting names the right one is said.
func TestARedirectNamesTheSettingOfTheAddress(t *testing.T) {
	for endpoint, want := range map[idptest.Endpoint]struct{ code, setting string }{
		idptest.Discovery: {"provider_unreachable", "setting=DiscoveryURL"},
		idptest.JWKS:      {"keys_unavailable", "setting=JWKSURL"},
	} {
		idp := idptest.New(t)
		a := newAway(t, idp, nil)
		idp.Fails(endpoint, idptest.Fault{Redirect: "https://elsewhere.example/document"})
		a.refused(want.code)
		a.logged("reason=redirect", want.setting)
	}
}
