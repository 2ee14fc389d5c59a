package rpserver_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// site is a relying party on a loopback listener, with a page that tells who is
// signed in.
type site struct {
	*httptest.Server
	rp    *rpserver.RP
	idp   *idp
	store *countingStore
	log   *logBuffer
	clock *clock
}

type clock struct {
	mu sync.Mutex
	t  time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// newSite starts a relying party. change may change its configuration.
func newSite(t *testing.T, change func(*rpserver.Config)) *site {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Add(time.Second).Truncate(time.Second) // stores take nothing from before this process
	s := &site{
		idp:   newIdP(t),
		store: &countingStore{Store: rpmem.New(now)},
		log:   &logBuffer{},
		clock: &clock{t: now},
	}
	c := rpserver.Config{
		Origin:       "http://" + l.Addr().String(),
		Providers:    []rpserver.Provider{s.idp.provider()},
		Users:        s.store,
		Nonces:       s.store,
		SignIns:      s.store,
		SessionStore: s.store,
		Now:          s.clock.Now,
		Log:          slog.New(slog.NewTextHandler(s.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	if s.rp, err = rpserver.New(c); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/", s.rp)
	mux.HandleFunc("/whoami", func(w http.ResponseWriter, r *http.Request) {
		in, ok := s.rp.SignedIn(r)
		if !ok {
			in = &rpserver.SignIn{Subject: "nobody"}
		}
		_, _ = io.WriteString(w, in.Subject)
	})
	s.Server = &httptest.Server{Listener: l, Config: &http.Server{Handler: mux}}
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// browser keeps cookies and sends what a browser sends from the site's own page.
type browser struct {
	t      *testing.T
	site   *site
	client *http.Client
}

func (s *site) browser(t *testing.T) *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &browser{t, s, &http.Client{Jar: jar, Timeout: 5 * time.Minute}}
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
	code   string // of a problem document
	detail string
	User   struct{ ID, Name, Email string }
	New    bool
	Nonce  string
}

func (b *browser) do(r *http.Request) answer {
	b.t.Helper()
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, header: res.Header, body: string(body)}
	if strings.HasPrefix(res.Header.Get("Content-Type"), "application/") {
		if err := json.Unmarshal(body, &a); err != nil {
			b.t.Fatalf("%s: %v", body, err)
		}
		var p struct{ Code, Detail string }
		_ = json.Unmarshal(body, &p)
		a.code, a.detail = p.Code, p.Detail
	}
	return a
}

func (b *browser) request(method, path, contentType, body string) *http.Request {
	b.t.Helper()
	r, err := http.NewRequest(method, b.site.URL+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header.Set("Origin", b.site.URL)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	return r
}

// nonce begins a sign-in.
func (b *browser) nonce() string {
	b.t.Helper()
	a := b.do(b.request("POST", "/signin/nonce", "", ""))
	if a.status != 200 || a.Nonce == "" {
		b.t.Fatalf("nonce: %d %s", a.status, a.body)
	}
	return a.Nonce
}

// send hands over a token as the page does.
func (b *browser) send(token string) answer {
	b.t.Helper()
	body, err := json.Marshal(map[string]string{"token": token, "config_url": b.site.idp.provider().ConfigURL})
	if err != nil {
		b.t.Fatal(err)
	}
	return b.do(b.request("POST", "/signin/fedcm", "application/json", string(body)))
}

// token is a good one for ada.
func (b *browser) token(nonce string) string {
	b.t.Helper()
	return sign(b.t, testKeys().es256, b.site.idp.claims(nonce, b.site.clock.Now()))
}

// whoami asks the site's page.
func (b *browser) whoami() string {
	b.t.Helper()
	return b.do(b.request("GET", "/whoami", "", "")).body
}

func (b *browser) cookies() []*http.Cookie {
	u, err := url.Parse(b.site.URL)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.client.Jar.Cookies(u)
}

// named is the name of a cookie of this site: its port is a part.
func (s *site) named(name string) string {
	return name + "-" + s.URL[strings.LastIndexByte(s.URL, ':')+1:]
}

func (b *browser) cookie(name string) string {
	for _, c := range b.cookies() {
		if c.Name == name || c.Name == b.site.named(name) {
			return c.Value
		}
	}
	return ""
}

// noSecrets fails if one of the secrets, or a person's name, stands in the log.
func (s *site) noSecrets(t *testing.T, secrets ...string) {
	t.Helper()
	log := s.log.String()
	for _, secret := range append(secrets, "Lovelace", "ada@example.test") {
		if len(secret) > 3 && strings.Contains(log, secret) {
			t.Errorf("the log holds %q:\n%s", secret, log)
		}
	}
}
