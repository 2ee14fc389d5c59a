package idpserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Config says what a Server is. Issuer, Store, Keys, Clients and Mailer are
// needed; every other field has a default, which is the strict one.
type Config struct {
	// Issuer is the server's origin and the iss of its tokens: https, or http
	// on a loopback host ("http://idp.localhost:8080").
	Issuer string
	// Name is what people know the provider by. Empty: the host name.
	Name string
	// Store keeps all state.
	Store Store
	// Keys sign ID tokens; all are published. For each client the first key
	// with its algorithm signs. At least one RS256 key is needed, since that is
	// what a client gets that asks for nothing (OpenID Connect Core 1.0 section
	// 15.1).
	Keys []*Key
	// Clients are the relying parties.
	Clients ClientStore
	// Mailer sends the codes that verify addresses.
	Mailer Mailer
	// Domains are the operator's own domains (see ParseDomains): the only ones
	// for which hd and domain hints exist.
	Domains []string

	// SessionLifetime is how long a sign-in lasts: 14 days if zero.
	SessionLifetime time.Duration
	// TokenLifetime is how long an ID token is valid: 5 minutes if zero, 10 at
	// most.
	TokenLifetime time.Duration
	// CodeLifetime is how long a mailed code works: 15 minutes if zero.
	CodeLifetime time.Duration
	// AuthCodeLifetime is how long an authorization code works: 60 seconds if
	// zero, which is also the most (RFC 9700 section 4.5 wants it short).
	AuthCodeLifetime time.Duration
	// MinPasswordLength is in characters: 12 if zero, never below 8.
	MinPasswordLength int

	// ClientAddr says where a request comes from, for the rate limits. If nil it
	// is the peer of the connection; behind a proxy that must be replaced, or
	// all people share one limit.
	ClientAddr func(*http.Request) netip.Addr
	// Extra, if not nil, returns a component that is shown below a page (one of
	// the Page constants), or nil for none.
	Extra func(ctx context.Context, page Page) templ.Component
	// ExtraStyles and ExtraScripts are URL paths of sheets and modules that Extra
	// needs; who sets them serves them.
	ExtraStyles, ExtraScripts []string
	// Role, in a demonstration, is one sentence about the provider's part in it,
	// shown above every page with a link to HomeURL. Empty: none.
	Role, HomeURL string
	// InsecureQuickSignIn puts a button on the sign-in page for each entry, for
	// demonstrations: whoever opens the page can sign in as these people.
	InsecureQuickSignIn []QuickSignIn

	Now func() time.Time // time.Now if nil
	Log *slog.Logger     // silent if nil; never gets a secret or an address
}

// QuickSignIn is one button of Config.InsecureQuickSignIn.
type QuickSignIn struct {
	Action          string // the button's data-do attribute: "signin-ada"
	Label           string // "Sign in as Ada"
	Email, Password string // of an account that exists
}

// Page names a page for Config.Extra.
type Page string

// The pages.
const (
	PageHome        Page = "home"
	PageSignUp      Page = "signup"
	PageSignIn      Page = "signin"
	PageAccount     Page = "account"
	PageVerifyEmail Page = "verify-email"
	PageError       Page = "error"
	PageConsent     Page = "consent" // a site asks who somebody is, by redirect or popup
)

const (
	maxTokenLifetime    = 10 * time.Minute
	maxAuthCodeLifetime = time.Minute
)

// withDefaults returns the configuration with its zero values replaced, or says
// what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	if err := checkOrigin(c.Issuer); err != nil {
		return c, fmt.Errorf("idpserver: Issuer: %w", err)
	}
	switch {
	case c.Store == nil:
		return c, errors.New("idpserver: Store is needed")
	case c.Clients == nil:
		return c, errors.New("idpserver: Clients is needed (see StaticClients)")
	case c.Mailer == nil:
		return c, errors.New("idpserver: Mailer is needed, to verify addresses")
	case len(c.Keys) == 0:
		return c, errors.New("idpserver: Keys is needed (see GenerateKey)")
	}
	rs256 := false
	for _, k := range c.Keys {
		switch {
		case k == nil:
			return c, errors.New("idpserver: Keys holds a nil key")
		case k.Algorithm() == jws.RS256:
			rs256 = true
		case k.Algorithm() != jws.ES256:
			return c, fmt.Errorf("idpserver: ID tokens are signed with RS256 or ES256, not %q", k.Algorithm())
		}
	}
	if !rs256 {
		return c, errors.New("idpserver: Keys needs an RS256 key, the default of every client")
	}
	for _, d := range c.Domains {
		if !isDomain(d) {
			return c, fmt.Errorf("idpserver: Domains: %q is not a domain name in lower case", d)
		}
	}
	for _, d := range []time.Duration{c.SessionLifetime, c.TokenLifetime, c.CodeLifetime, c.AuthCodeLifetime} {
		if d < 0 {
			return c, errors.New("idpserver: a lifetime is negative")
		}
	}
	if c.TokenLifetime > maxTokenLifetime {
		return c, fmt.Errorf("idpserver: TokenLifetime is at most %v", maxTokenLifetime)
	}
	if c.AuthCodeLifetime > maxAuthCodeLifetime {
		return c, fmt.Errorf("idpserver: AuthCodeLifetime is at most %v", maxAuthCodeLifetime)
	}
	setDefault(&c.AuthCodeLifetime, maxAuthCodeLifetime)
	setDefault(&c.SessionLifetime, 14*24*time.Hour)
	setDefault(&c.TokenLifetime, 5*time.Minute)
	setDefault(&c.CodeLifetime, 15*time.Minute)
	setDefault(&c.MinPasswordLength, 12)
	c.MinPasswordLength = max(c.MinPasswordLength, 8)
	if c.Name == "" {
		u, err := url.Parse(c.Issuer)
		if err != nil {
			return c, err
		}
		c.Name = u.Hostname()
	}
	if c.ClientAddr == nil {
		c.ClientAddr = remoteAddr
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c, nil
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// checkOrigin accepts a serialised origin (RFC 6454 section 6.2) whose pages are
// a secure context: https, or http on loopback.
func checkOrigin(s string) error {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || s != u.Scheme+"://"+u.Host || s != strings.ToLower(s) {
		return fmt.Errorf("%q is not an origin like https://idp.example, in lower case and without a path", s)
	}
	if port := u.Port(); strings.HasSuffix(u.Host, ":") ||
		u.Scheme == "https" && port == "443" || u.Scheme == "http" && port == "80" {
		return fmt.Errorf("%q names the default port, which an origin leaves out", s)
	}
	switch {
	case u.Scheme == "https":
		return nil
	case u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	}
	return fmt.Errorf("%q must be https; http is for loopback hosts only", s)
}

// isLoopback says whether browsers take http on this host for a secure context
// (W3C Secure Contexts section 3.1).
func isLoopback(host string) bool {
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.IsLoopback()
}
