package rpserver

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Config says who the relying party is and what it stands on. Origin, Providers,
// Users and Nonces are required; the zero value of everything else is sensible.
type Config struct {
	// Origin is the relying party's origin as browsers send it:
	// "https://shop.example", no path and no default port. http is accepted for
	// localhost, *.localhost and loopback addresses alone.
	Origin string

	// Providers are the identity providers that people may sign in with.
	Providers []Provider

	// Users finds or creates the user that a token speaks of.
	Users UserStore

	// Nonces keeps the nonces that wait for their token.
	Nonces NonceStore

	// Sessions keeps who is signed in. Nil means sessions by scs in a cookie
	// whose name is "__Host-rp-session" ("rp-session" on http), kept in
	// SessionStore for 24 hours. SCS makes Sessions of an scs manager that an
	// application already has.
	Sessions Sessions

	// SessionStore is where the default Sessions live. Nil keeps them in memory:
	// everyone is signed out when the process ends. Unused if Sessions is set.
	SessionStore scs.Store

	// NonceLifetime is how long a person may take to sign in. 0 means 10 minutes,
	// 1 hour is the most.
	NonceLifetime time.Duration

	// Prefix is the path below which the relying party is mounted, "/auth", for
	// the redirect URIs of the code flow. Empty: the root.
	Prefix string

	// RefusalPage draws the page about a sign-in by redirect that was refused,
	// with the status of the refusal. Nil means a plain page.
	RefusalPage func(w http.ResponseWriter, r *http.Request, why Refusal)

	// Client fetches the providers' keys and sends them codes. Nil means a client with a timeout.
	Client *http.Client

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	// Log gets one line for each sign-in, sign-out and refusal. No line holds a
	// token, a nonce, a cookie or a name. Nil means nothing is logged.
	Log *slog.Logger
}

// RP is a relying party. It is safe for concurrent use.
type RP struct {
	origin    string
	prefix    string
	secure    bool // the origin is https, cookies are Secure and __Host-
	providers []*provider
	users     UserStore
	nonces    NonceStore
	sessions  Sessions
	lifetime  time.Duration
	now       func() time.Time
	log       *slog.Logger
	mux       *http.ServeMux

	refusalPage func(http.ResponseWriter, *http.Request, Refusal)
}

// New makes a relying party. It does no I/O: a provider's keys are fetched when
// the first token arrives.
func New(c Config) (*RP, error) {
	o, err := parseOrigin(c.Origin)
	if err != nil {
		return nil, fmt.Errorf("rpserver: Origin %q: %w", c.Origin, err)
	}
	switch {
	case len(c.Providers) == 0:
		return nil, errors.New("rpserver: Providers is empty: name at least one identity provider")
	case c.Users == nil:
		return nil, errors.New("rpserver: Users is nil: give a UserStore, for example one of the kit's stores")
	case c.Nonces == nil:
		return nil, errors.New("rpserver: Nonces is nil: give a NonceStore, for example one of the kit's stores")
	case c.NonceLifetime < 0 || c.NonceLifetime > time.Hour:
		return nil, errors.New("rpserver: NonceLifetime must lie between 0 (the default, 10 minutes) and 1 hour")
	}
	if c.Prefix != "" && (c.Prefix[0] != '/' || strings.HasSuffix(c.Prefix, "/")) {
		return nil, fmt.Errorf("rpserver: Prefix %q must begin with a slash and not end with one", c.Prefix)
	}
	rp := &RP{
		origin: c.Origin,
		prefix: c.Prefix,

		refusalPage: c.RefusalPage,
		secure:      o.Scheme == "https",
		users:       c.Users,
		nonces:      c.Nonces,
		sessions:    c.Sessions,
		lifetime:    cmp.Or(c.NonceLifetime, 10*time.Minute),
		now:         c.Now,
		log:         c.Log,
		mux:         http.NewServeMux(),
	}
	if rp.now == nil {
		rp.now = time.Now
	}
	if rp.log == nil {
		rp.log = slog.New(slog.DiscardHandler)
	}
	if rp.providers, err = newProviders(c, rp.now, rp.log); err != nil {
		return nil, fmt.Errorf("rpserver: %w", err)
	}
	if rp.sessions == nil {
		rp.sessions = defaultSessions(rp.secure, c.SessionStore)
	}
	rp.mux.HandleFunc("/signin/nonce", rp.post(rp.serveNonce))
	rp.mux.HandleFunc("/signin/fedcm", rp.post(rp.serveFedCM))
	rp.mux.HandleFunc("/signout", rp.post(rp.serveSignOut))
	rp.mux.HandleFunc("/signin/start", rp.navigation(rp.serveStart))
	rp.mux.HandleFunc(callbackPath+"{provider}", rp.navigation(rp.serveCallback))
	rp.mux.HandleFunc("/signin.js", rp.serveModule)
	rp.mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		web.NewProblem(http.StatusNotFound, "not_found",
			"There is nothing here. The sign-in paths are signin/nonce, signin/fedcm, signin/start, signin/callback, signout and signin.js.").Write(w)
	})
	return rp, nil
}

// ServeHTTP answers the paths of the sign-in. Mount it at the root, or below a prefix with
// http.StripPrefix: the module finds the other paths next to itself.
//
//	mux.Handle("/auth/", http.StripPrefix("/auth", rp))
func (rp *RP) ServeHTTP(w http.ResponseWriter, r *http.Request) { rp.mux.ServeHTTP(w, r) }

// post wraps what changes state: POST alone, from our own pages alone, the
// answer kept by no cache.
func (rp *RP) post(serve func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		err := error(nil)
		if p := web.CheckMethod(w, r, http.MethodPost); p != nil {
			err = p
		} else if p := rp.checkSameOrigin(r); p != nil {
			err = p
		} else {
			err = serve(w, r)
		}
		if err != nil {
			rp.refuse(w, r, err)
		}
	}
}

// refuse answers with the problem that err is.
func (rp *RP) refuse(w http.ResponseWriter, r *http.Request, err error) {
	rp.problemOf(r, err).Write(w)
}

// problemOf logs err and gives what to answer. An error that is no problem is
// ours: the person gets a 503 without its text, the log gets the text.
func (rp *RP) problemOf(r *http.Request, err error) *web.Problem {
	var p *web.Problem
	if !errors.As(err, &p) {
		rp.log.ErrorContext(r.Context(), "relying party: cannot answer", "path", r.URL.Path, "error", err)
		return errUnavailable
	}
	rp.log.InfoContext(r.Context(), "relying party: refused", "path", r.URL.Path, "code", p.Code)
	return p
}

var errUnavailable = web.NewProblem(http.StatusServiceUnavailable, "temporarily_unavailable",
	"The server could not finish this. Nobody was signed in or out; try again.")
