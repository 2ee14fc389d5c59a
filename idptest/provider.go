package idptest

import (
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Provider is an OpenID Provider that runs until its test ends. All methods may be
// called by several goroutines, also while requests are answered.
type Provider struct {
	Issuer       string // http://127.0.0.1:PORT
	ClientID     string // of the client that is there from the beginning
	ClientSecret string // its secret

	server *httptest.Server
	done   chan struct{} // closed when the test ends: whoever hangs lets go

	mu       sync.Mutex
	quirks   Quirks
	clients  map[string]Client
	queue    []turn
	person   Person // who answers if nobody is queued
	frozen   time.Time
	offset   time.Duration
	keys     []*key // the last one signs
	made     int    // keys made so far, for their names
	all      []*key
	codes    map[string]*grant
	access   map[string]*access
	refresh  map[string]*grant
	pushed   map[string]pushed
	sessions map[session]string // the newest sid
	before   map[string]bool    // client and subject that had a refresh token
	spent    map[string]bool    // refresh tokens that were used
	jti      map[string]bool    // of client assertions
	requests []Request
	changed  chan struct{} // closed and made anew with each request
	mistakes []Mistake
	alg      jws.Algorithm
}

// Option changes a provider before it starts.
type Option func(*Provider)

// WithClient puts a client in the place of the one that would be made up.
func WithClient(c Client) Option {
	return func(p *Provider) {
		delete(p.clients, p.ClientID)
		p.ClientID, p.ClientSecret = c.ID, c.Secret
		p.clients[c.ID] = c
	}
}

// WithPerson says who answers when nobody is queued.
func WithPerson(who Person) Option { return func(p *Provider) { p.person = who } }

// WithClock stops the provider's clock at now; Advance moves it.
func WithClock(now time.Time) Option { return func(p *Provider) { p.frozen = now } }

// WithAlgorithm says what tokens are signed with; without it RS256. Every algorithm of
// RFC 7518 section 3.1 with a public key will do, and EdDSA.
func WithAlgorithm(a jws.Algorithm) Option { return func(p *Provider) { p.alg = a } }

// WithQuirks starts a provider that is odd from its first answer on.
func WithQuirks(q Quirks) Option { return func(p *Provider) { p.quirks = q } }

// New starts a provider. It has one client with a secret, which may have any redirect
// URI, and signs in Ada until the test says otherwise. It ends with the test.
func New(t testing.TB, options ...Option) *Provider {
	t.Helper()
	p := &Provider{
		ClientID: "client", ClientSecret: secret.New(),
		done: make(chan struct{}), changed: make(chan struct{}), clients: map[string]Client{}, codes: map[string]*grant{}, access: map[string]*access{},
		refresh: map[string]*grant{}, pushed: map[string]pushed{}, sessions: map[session]string{}, before: map[string]bool{}, spent: map[string]bool{}, jti: map[string]bool{},
		person: Person{Subject: "ada", Name: "Ada Lovelace", Email: "ada@example.test", EmailVerified: true},
		alg:    jws.RS256,
	}
	p.clients[p.ClientID] = Client{ID: p.ClientID, Secret: p.ClientSecret}
	for _, o := range options {
		o(p)
	}
	if err := p.addKey(p.alg); err != nil {
		t.Fatalf("idptest: %v", err)
	}
	p.server = httptest.NewUnstartedServer(p.handler())
	p.server.Config.ErrorLog = log.New(testLog{t}, "", 0)
	p.server.Start()
	p.Issuer = p.server.URL
	t.Cleanup(func() {
		close(p.done)
		p.server.Close()
		p.giveBackKeys()
	})
	return p
}

// testLog brings what the server has to say, of a claim without JSON say, into the test's
// own output.
type testLog struct{ t testing.TB }

func (l testLog) Write(b []byte) (int, error) {
	l.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// Endpoint is one of the provider's addresses.
type Endpoint string

// The endpoints, by their paths below Issuer.
const (
	Discovery     Endpoint = oidc.DiscoveryPath
	JWKS          Endpoint = "/keys"
	Authorization Endpoint = "/authorize"
	PAR           Endpoint = "/par"
	Token         Endpoint = "/token"
	Userinfo      Endpoint = "/userinfo"
	Revocation    Endpoint = "/revoke"
	EndSession    Endpoint = "/logout"
)

// URL is the address of an endpoint, whether the discovery document names it or not.
func (p *Provider) URL(e Endpoint) string {
	if e == Discovery {
		return p.DiscoveryURL()
	}
	return p.Issuer + string(e)
}

// handler serves every endpoint: each request is noted, then a fault has its turn.
func (p *Provider) handler() http.Handler {
	mux := http.NewServeMux()
	on := func(e Endpoint, path string, serve func(http.ResponseWriter, *http.Request, *call)) {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { p.serve(w, r, e, serve) })
	}
	on(Discovery, oidc.DiscoveryPath, p.serveDiscovery)
	on(Discovery, elsewhere+oidc.DiscoveryPath, p.serveDiscovery)
	on(JWKS, string(JWKS), p.serveKeys)
	on(Authorization, string(Authorization), p.serveAuthorize)
	on(PAR, string(PAR), p.servePAR)
	on(Token, string(Token), p.serveToken)
	on(Userinfo, string(Userinfo), p.serveUserinfo)
	on(Revocation, string(Revocation), p.serveRevoke)
	on(EndSession, string(EndSession), p.serveEndSession)
	return mux
}
