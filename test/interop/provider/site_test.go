// Package provider lets the kit's relying party sign people in at other people's
// providers.
package provider

import (
	"encoding/json"
	"html"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// site is a relying party that says at /whoami who is signed in.
type site struct {
	t      *testing.T
	origin string
	rp     *rpserver.RP
	rows   *rpmem.Store
	log    lines
	ahead  atomic.Int64                    // by how much the site's clock is
	last   atomic.Pointer[rpserver.SignIn] // of the last /whoami that found somebody
}

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// addresses are what a provider has to know of the site before it begins.
type addresses struct{ redirect, signedOut, backChannel string }

// newSite starts a site with the provider that start starts. Settings are what differs
// from issuer, client and secret.
func newSite(t *testing.T, start func(a addresses) (issuer, id, secret string), settings func(*rpserver.Provider)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &site{t: t, origin: "http://" + l.Addr().String(), rows: rpmem.New(time.Now().Add(-time.Minute))}
	const name = "op"
	p := rpserver.Provider{Name: name}
	p.Issuer, p.ClientID, p.ClientSecret = start(addresses{
		s.origin + "/signin/callback/" + name, s.origin + "/signout/callback/" + name, s.origin + "/signout/backchannel/" + name,
	})
	if settings != nil {
		settings(&p)
	}
	s.rp, err = rpserver.New(rpserver.Config{
		Origin: s.origin, Providers: []rpserver.Provider{p}, Store: s.rows,
		Now: func() time.Time { return time.Now().Add(time.Duration(s.ahead.Load())) },
		Log: slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.rp)
	mux.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		in, ok := s.rp.SignedIn(r)
		if !ok {
			in = &rpserver.SignIn{Subject: "nobody"}
		} else {
			s.last.Store(in)
		}
		_, _ = io.WriteString(w, in.Subject)
	})
	server := &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	server.Start()
	t.Cleanup(server.Close)
	return s
}

// browser keeps cookies, follows redirects and pages that lead on, and fills in forms.
type browser struct {
	*site
	http *http.Client
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{s, &http.Client{Jar: jar, Timeout: 30 * time.Second, Transport: navigating{}}}
}

// navigating says of each request what browsers say where a person goes to a page.
type navigating struct{}

func (navigating) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Header.Get("Accept") == "" {
		r = r.Clone(r.Context())
		r.Header.Set("Accept", "text/html,*/*;q=0.8")
		r.Header.Set("Sec-Fetch-Mode", "navigate")
		r.Header.Set("Sec-Fetch-Dest", "document")
	}
	return http.DefaultTransport.RoundTrip(r)
}

var (
	refresh   = regexp.MustCompile(`http-equiv="refresh" content="0;url=([^"]+)"`)
	form      = regexp.MustCompile(`(?s)<form\b[^>]*\baction="([^"]+)"[^>]*>`)
	field     = regexp.MustCompile(`(?s)<(?:input|button)\b[^>]*>`)
	attribute = regexp.MustCompile(`\b(name|value|type)="([^"]*)"`)
)

// typed is what the person writes into fields.
var typed = map[string]string{"login": "ada", "username": "ada", "email": "ada@example.test", "password": "anything"}

// open goes to an address and does on each page what it asks for, until one asks for
// nothing.
func (b *browser) open(address string) (at *url.URL, body string) {
	b.t.Helper()
	res, err := b.http.Get(address)
	for range 10 {
		if err != nil {
			b.t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			b.t.Fatal(err)
		}
		at, body = res.Request.URL, string(text)
		to, values := b.next(at, body)
		switch {
		case to == "":
			return at, body
		case values == nil:
			res, err = b.http.Get(to)
		default:
			res, err = b.http.PostForm(to, values)
		}
		if err != nil {
			b.t.Fatal(err)
		}
	}
	b.t.Fatalf("no end of pages at %s: %s", at, body)
	return nil, ""
}

// next is what a page asks for. The site's own pages lead on, and have no forms here.
func (b *browser) next(at *url.URL, body string) (to string, values url.Values) {
	if m := refresh.FindStringSubmatch(body); m != nil {
		return html.UnescapeString(m[1]), nil
	}
	m := form.FindStringSubmatch(body)
	if m == nil || strings.HasPrefix(at.String(), b.origin) {
		return "", nil
	}
	u, err := at.Parse(html.UnescapeString(m[1]))
	if err != nil {
		b.t.Fatal(err)
	}
	values = url.Values{}
	for _, f := range field.FindAllString(body, -1) {
		a := map[string]string{}
		for _, m := range attribute.FindAllStringSubmatch(f, -1) {
			a[m[1]] = html.UnescapeString(m[2])
		}
		if name := a["name"]; name != "" && !values.Has(name) {
			value := a["value"]
			if value == "" {
				value = typed[name]
			}
			values.Set(name, value)
		}
	}
	return u.String(), values
}

func (b *browser) who() string {
	_, body := b.open(b.origin + "/whoami")
	return body
}

// signIn must end at the page that was asked for, as ada.
func (b *browser) signIn() {
	b.t.Helper()
	at, body := b.open(b.origin + "/signin/start?return=/whoami")
	if at.Path != "/whoami" || body != "ada" {
		b.t.Fatalf("ended at %s: %s\n%s", at, body, &b.log)
	}
}

// signOut leaves at the provider too, and must come back to where it was to.
func (b *browser) signOut() {
	b.t.Helper()
	r, err := http.NewRequest(http.MethodPost, b.origin+"/signout?at=provider&return=/whoami", nil)
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Origin", b.origin)
	r.Header.Set("Accept", "application/json")
	res, err := b.http.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	var said struct{ Location string }
	if err := json.NewDecoder(res.Body).Decode(&said); err != nil || said.Location == "" {
		b.t.Fatalf("%d, nowhere to go: %v\n%s", res.StatusCode, err, &b.log)
	}
	if at, body := b.open(said.Location); at.Path != "/whoami" || body != "nobody" {
		b.t.Fatalf("came back to %s: %s", at, body)
	}
}

// known must be ada with name and address, wherever the provider says them.
func (s *site) known() {
	s.t.Helper()
	u, err := s.rows.User(s.t.Context(), s.last.Load().UserID)
	if err != nil {
		s.t.Fatal(err)
	}
	if u.Name != "Ada Lovelace" || u.Email != "ada@example.test" || !u.EmailVerified {
		s.t.Errorf("%+v\n%s", u, &s.log)
	}
}

// callsAPIs takes access tokens, each when the one before is over, and asks the provider's
// userinfo endpoint with each. after is how long that takes: none at providers that were
// told to make tokens that are too short to be used twice.
func (s *site) callsAPIs(userinfo string, after time.Duration) {
	s.t.Helper()
	source, before := s.rp.TokenSource(s.last.Load()), ""
	for range 3 {
		s.ahead.Add(int64(after))
		token, err := source.Token(s.t.Context())
		if err != nil {
			s.t.Fatalf("%v\n%s", err, &s.log)
		}
		if token.Value == "" || token.Value == before || token.Expires.IsZero() {
			s.t.Errorf("not renewed; expires %v", token.Expires)
		}
		before = token.Value
		r, err := http.NewRequest(http.MethodGet, userinfo, nil)
		if err != nil {
			s.t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token.Value)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			s.t.Fatal(err)
		}
		var claims struct{ Sub, Email string }
		err = json.NewDecoder(res.Body).Decode(&claims)
		res.Body.Close()
		if err != nil || res.StatusCode != http.StatusOK || claims.Sub != "ada" || claims.Email != "ada@example.test" {
			s.t.Errorf("userinfo: %d %+v %v", res.StatusCode, claims, err)
		}
	}
}
