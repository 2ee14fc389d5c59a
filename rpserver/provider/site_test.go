package provider_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// site is a relying party with one provider, and the browser of one person.
type site struct {
	t    *testing.T
	url  string
	rp   *rpserver.RP
	http *http.Client
	idp  *idptest.Provider
	log  *log
}

type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newSite runs a site with p as it is but for its secret, which the provider of the test
// made up, and what at changes: the addresses of a preset are those of the real provider.
func newSite(t *testing.T, idp *idptest.Provider, p rpserver.Provider, at ...func(*rpserver.Provider)) *site {
	t.Helper()
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	for _, change := range at {
		change(&p)
	}
	s := &site{t: t, url: server.URL, idp: idp, log: &log{}}
	var err error
	s.rp, err = rpserver.New(rpserver.Config{
		Origin: server.URL, Prefix: "/auth", Store: rpmem.New(idp.Now().Add(-time.Hour)), Now: idp.Now,
		Providers: []rpserver.Provider{p}, Log: slog.New(slog.NewTextHandler(s.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux.Handle("/auth/", http.StripPrefix("/auth", s.rp))
	mux.HandleFunc("/who", func(w http.ResponseWriter, r *http.Request) {
		who := "nobody"
		if u, ok := s.rp.User(r); ok {
			who = u.Name + " <" + u.Email + ">"
		}
		_, _ = io.WriteString(w, who)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		in, ok := s.rp.SignedIn(r)
		if !ok {
			return
		}
		token, err := s.rp.TokenSource(in).Token(r.Context())
		if err != nil {
			token.Value = err.Error()
		}
		_, _ = io.WriteString(w, token.Value)
	})
	s.newBrowser()
	return s
}

func (s *site) newBrowser() {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	s.http = &http.Client{Jar: jar, Timeout: time.Minute}
}

var codeOfPage = regexp.MustCompile(`data-code="([a-z0-9_]+)"`)

// open follows a link to where it ends and returns the page and the code of a refusal.
func (s *site) open(path string) (body, code string) {
	s.t.Helper()
	res, err := s.http.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if m := codeOfPage.FindSubmatch(b); m != nil {
		code = string(m[1])
	}
	return string(b), code
}

const signIn = "/auth/signin/start?return=/who"

// as says who must be signed in after the code flow, to a provider that has nothing to
// say against its client.
func (s *site) as(who string) {
	s.t.Helper()
	if body, code := s.open(signIn); body != who {
		s.t.Errorf("%s: %s\nlog: %s", code, body, s.log)
	}
	if m := s.idp.Mistakes(); len(m) > 0 {
		s.t.Error(m)
	}
}

// refused says how the code flow must end, and the setting that the log names.
func (s *site) refused(code, setting string) {
	s.t.Helper()
	body, got := s.open(signIn)
	if who, _ := s.open("/who"); got != code || who != "nobody" {
		s.t.Errorf("%q, want %q: %s", got, code, body)
	}
	if !strings.Contains(s.log.String(), setting) {
		s.t.Errorf("the log does not name %s: %s", setting, s.log)
	}
}

// request is the newest one that came to an endpoint.
func (s *site) request(e idptest.Endpoint) url.Values {
	s.t.Helper()
	var form url.Values
	for _, r := range s.idp.Requests() {
		if r.Endpoint == e {
			form = r.Form
		}
	}
	if form == nil {
		s.t.Fatalf("nothing came to %s", e)
	}
	return form
}

// issuer puts the provider of the test in the place of the preset's.
func issuer(idp *idptest.Provider) func(*rpserver.Provider) {
	return func(p *rpserver.Provider) { p.Issuer = idp.Issuer }
}

// elsewhere does so where the preset says where the document is.
func elsewhere(idp *idptest.Provider) func(*rpserver.Provider) {
	return func(p *rpserver.Provider) { p.Issuer, p.DiscoveryURL = idp.Issuer, idp.DiscoveryURL() }
}

// payload is what a token says.
func payload(t *testing.T, token string) string {
	t.Helper()
	text, _, err := jws.Inspect(token, 16<<10)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// judge reads an ID token of the provider, with the nonce "n".
func judge(t *testing.T, idp *idptest.Provider, token string) (*oidc.IDToken, error) {
	t.Helper()
	keys, err := jwks.New(jwks.Config{Locate: jwks.URL(idp.URL(idptest.JWKS))})
	if err != nil {
		t.Fatal(err)
	}
	set, err := keys.KeySet(t.Context(), idp.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	return oidc.Verify(token, oidc.Config{Issuer: idp.Issuer, ClientID: idp.ClientID, Keys: set, Nonce: "n"}, idp.Now())
}
