package rpserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Config says who the relying party is and what it stands on. Origin, Providers
// and Store are required, or Users and Nonces in Store's place; the zero value of
// everything else is sensible.
type Config struct {
	// Origin is the relying party's origin as browsers send it:
	// "https://shop.example", no path and no default port. http is accepted for
	// localhost, *.localhost and loopback addresses only.
	Origin string

	// Providers are the identity providers that people may sign in with.
	Providers []Provider

	// Store keeps users, nonces and sessions in one place, as the kit's stores do.
	// Users, Nonces, SignIns, SessionStore and Sessions are for an application that keeps some
	// of them itself: those that are set are used in its place.
	Store Store

	// Users finds or creates the user that a token speaks of. Nil means Store. To link
	// identities it has to be an IdentityStore too, whatever Store is.
	Users UserStore

	// Nonces keeps the nonces that were used. Nil means Store.
	Nonces NonceStore

	// SignIns keeps which sign-ins there are, with the tokens that came with them. Nil
	// means Store.
	SignIns SignInStore

	// Secrets seal nonces and states, so that only those made here are accepted and
	// none has to be kept before it is used, and encrypt the tokens of sign-ins. Each
	// has at least 32 random bytes. The first one seals, and all of them open: put a new
	// one in front, and drop the old one an hour later; where TokenSource is used, when
	// SignInLifetime is over. Several processes of one site need the same ones. None
	// means one that New makes up: good for one process, and when it ends, people
	// who were about to sign in begin again, and kept tokens are lost.
	Secrets [][]byte

	// Sessions keeps who is signed in. Nil means sessions by scs in a cookie
	// whose name is "__Host-rp-session" ("rp-session" on http, with the port behind it
	// where Origin has one), kept in
	// SessionStore for 24 hours. SCS makes Sessions from an scs manager that an
	// application already has.
	Sessions Sessions

	// SessionStore is where the default Sessions live. Nil means Store, and without
	// one in memory: everyone is signed out when the process ends. Unused if Sessions
	// is set.
	SessionStore scs.Store

	// SignInLifetime is how long a sign-in lasts at most, whatever the session says. 0
	// means 24 hours, which is also how long the default session lasts; with Sessions of
	// one's own it means 30 days.
	SignInLifetime time.Duration

	// InsecureLinkStale lets an open session link another identity, however long ago the
	// person proved who they are: for a provider that says when (auth_time), but does not ask
	// again when it is asked to (max_age). Without it that must be 15 minutes ago at most,
	// or whoever finds the session links an identity of their own, signs in by it, and passes
	// RequireFresh.
	InsecureLinkStale bool

	// NonceLifetime is how long a person may take to sign in. 0 means 10 minutes,
	// 1 hour is the most.
	NonceLifetime time.Duration

	// Prefix is the path below which the relying party is mounted, "/auth", for
	// the redirect URIs of the code flow and the links of RequireUser. Empty: the
	// root.
	Prefix string

	// RefusalPage draws the page about a sign-in by redirect that was refused,
	// with the status of the refusal. Nil means a plain page.
	RefusalPage func(w http.ResponseWriter, r *http.Request, why Refusal)

	// SignInPage draws the page that RequireUser answers to people who are not signed
	// in, with the ways to do it, and signin/start where several providers are to be chosen
	// from. Nil means a plain page.
	SignInPage func(w http.ResponseWriter, r *http.Request, ways []Way)

	// Client fetches the providers' documents and keys and sends them codes. Nil
	// means one that goes to public addresses by https only, judged after the name
	// was resolved, and uses no proxy; if a provider's issuer is on this machine
	// itself, it goes anywhere on it too, by http if the issuer is http. With a
	// Client of its own an application decides where it goes; even then a
	// provider's document leads to this machine only if the provider is on it.
	Client *http.Client

	// PrivateAddresses may be reached besides the public ones, for a provider in a
	// private network. They do not go with a Client.
	PrivateAddresses []netip.Prefix

	// Now is the clock. Nil means time.Now.
	Now func() time.Time

	// Log gets one line for each sign-in, sign-out and refusal. No line holds a
	// token, a nonce, a cookie or a name. Nil means nothing is logged.
	Log *slog.Logger
}

// RP is a relying party. It is safe for concurrent use.
type RP struct {
	origin     string
	prefix     string
	secure     bool // the origin is https, cookies are Secure and __Host-
	providers  []*provider
	users      UserStore
	identities IdentityStore // users, if they are one
	nonces     NonceStore
	signIns    SignInStore
	keys       []sealKeys   // the first seals, all open
	ownSecret  bool         // made up here: another process opens nothing of it
	swept      atomic.Int64 // when used nonces were swept, in seconds
	sweptRows  atomic.Int64 // the same of sign-ins
	sessions   Sessions
	lifetime   time.Duration

	signInLifetime time.Duration
	linkStale      bool

	now  func() time.Time
	wait func(context.Context, time.Duration) error
	log  *slog.Logger
	mux  *http.ServeMux

	refusalPage func(http.ResponseWriter, *http.Request, Refusal)
	signInPage  func(http.ResponseWriter, *http.Request, []Way)
}

// New makes a relying party. It does no I/O: a provider's keys are fetched when
// the first token arrives.
func New(c Config) (*RP, error) {
	if c.Store != nil {
		if c.Users == nil {
			c.Users = c.Store
		}
		if c.Nonces == nil {
			c.Nonces = c.Store
		}
		if c.SignIns == nil {
			c.SignIns = c.Store
		}
		if c.SessionStore == nil {
			c.SessionStore = c.Store
		}
	}
	if err := origin.CheckSecure(c.Origin); err != nil {
		return nil, fmt.Errorf("rpserver: Origin %q: %w", c.Origin, err)
	}
	switch {
	case len(c.Providers) == 0:
		return nil, errors.New("rpserver: Providers is empty: name at least one identity provider")
	case c.Users == nil:
		return nil, errors.New("rpserver: Users is nil: give Store, for example one of the kit's stores, or a UserStore of your own")
	case c.Nonces == nil:
		return nil, errors.New("rpserver: Nonces is nil: give Store or a NonceStore, for example one of the kit's stores")
	case c.SignIns == nil:
		return nil, errors.New("rpserver: SignIns is nil: give Store or a SignInStore, for example one of the kit's stores")
	case c.SignInLifetime < 0:
		return nil, errors.New("rpserver: SignInLifetime is negative")
	case c.NonceLifetime < 0 || c.NonceLifetime > time.Hour:
		return nil, errors.New("rpserver: NonceLifetime must lie between 0 (the default, 10 minutes) and 1 hour")
	}
	if c.Client != nil && len(c.PrivateAddresses) > 0 {
		return nil, errors.New("rpserver: PrivateAddresses are set with a Client, which decides itself where it goes: set one of them")
	}
	if c.Prefix != "" && (c.Prefix[0] != '/' || strings.HasSuffix(c.Prefix, "/")) {
		return nil, fmt.Errorf("rpserver: Prefix %q must begin with a slash and not end with one", c.Prefix)
	}
	rp := &RP{
		origin: c.Origin,
		prefix: c.Prefix,

		refusalPage: c.RefusalPage,
		signInPage:  c.SignInPage,
		secure:      strings.HasPrefix(c.Origin, "https://"),
		ownSecret:   len(c.Secrets) == 0,
		users:       c.Users,
		nonces:      c.Nonces,
		signIns:     c.SignIns,
		sessions:    c.Sessions,
		lifetime:    cmp.Or(c.NonceLifetime, 10*time.Minute),
		wait:        wait,

		signInLifetime: c.SignInLifetime,
		linkStale:      c.InsecureLinkStale,

		now: c.Now,
		log: c.Log,
		mux: http.NewServeMux(),
	}
	if rp.now == nil {
		rp.now = time.Now
	}
	if rp.log == nil {
		rp.log = slog.New(slog.DiscardHandler)
	}
	rp.identities, _ = c.Users.(IdentityStore)
	keys, err := newSealKeys(c.Secrets)
	if err != nil {
		return nil, err
	}
	rp.keys = keys
	providers, err := newProviders(c, rp.now, rp.log)
	if err != nil {
		return nil, fmt.Errorf("rpserver: %w", err)
	}
	rp.providers = providers
	if rp.signInLifetime == 0 {
		rp.signInLifetime = 30 * 24 * time.Hour
		if rp.sessions == nil {
			rp.signInLifetime = sessionLifetime
		}
	}
	if rp.sessions == nil {
		rp.sessions = defaultSessions(rp.origin, c.SessionStore, min(rp.signInLifetime, sessionLifetime))
	}
	rp.mux.HandleFunc("/signin/nonce", rp.post(rp.serveNonce))
	rp.mux.HandleFunc("/signin/fedcm", rp.post(rp.serveFedCM))
	rp.mux.HandleFunc("/signout", rp.post(rp.serveSignOut))
	rp.mux.HandleFunc(signedOutPath+"{provider}", rp.navigation(rp.serveSignedOut))
	rp.mux.HandleFunc(backChannelPath+"{provider}", rp.server(rp.serveBackChannel))
	rp.mux.HandleFunc(startPath, rp.navigation(rp.serveStart))
	rp.mux.HandleFunc(credentialPath+"{provider}", rp.navigation(rp.serveCredential, http.MethodPost))
	rp.mux.HandleFunc(initiatePath, rp.navigation(rp.serveInitiate, http.MethodPost))
	rp.mux.HandleFunc(callbackPath+"{provider}", rp.navigation(rp.serveCallback, http.MethodPost))
	rp.mux.HandleFunc("/signin.js", rp.serveModule)
	rp.mux.HandleFunc("/", rp.serveNothing)
	return rp, nil
}

// ServeHTTP answers the paths of the sign-in. Mount it at the root, or below a prefix with
// http.StripPrefix and the same Config.Prefix: the module finds the other paths
// next to itself, and providers send people back below it.
//
//	mux.Handle("/auth/", http.StripPrefix("/auth", rp))
func (rp *RP) ServeHTTP(w http.ResponseWriter, r *http.Request) { rp.mux.ServeHTTP(w, r) }
