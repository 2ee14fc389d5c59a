package idpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/origin"
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
	Store directory.Store
	// Keys sign ID tokens; all are published. For each client the first key
	// with its algorithm that has a Signer signs. At least one RS256 key is needed,
	// since that is what a client gets that asks for nothing (OpenID Connect Core
	// 1.0 section 15.1). Server.SetKeys replaces them.
	Keys []Key
	// Clients are the relying parties.
	Clients directory.ClientStore
	// Mailer sends the codes that verify addresses.
	Mailer Mailer
	// Domains are the operator's own domains (see ParseDomains): the only ones
	// for which hd and domain hints exist.
	Domains []string

	// Secrets key what only this server may make: access tokens, the marks by which it
	// knows a browser that signed in before, and the address at which a relying party finds
	// somebody's picture. Each has at least 32 random bytes. The first one makes
	// them, and all recognise what was made: put a new one in front, and keep the
	// old one for the year that a browser is known. Several processes of one
	// provider need the same ones. None means one that New makes up. A restart then
	// signs nobody out, but somebody else's guesses can make people wait in a
	// browser that was known before, until they have signed in there once more; and
	// the next ID token has another address for the picture (the old ones go on
	// working).
	Secrets [][]byte

	// SessionLifetime is how long a sign-in lasts, however much the browser is used: 30
	// days if zero.
	SessionLifetime time.Duration
	// SessionIdle is how long a browser stays signed in while it is not used here,
	// on the pages or by FedCM: 14 days if zero. It is measured in 16 parts:
	// somebody may be signed out one part sooner.
	SessionIdle time.Duration
	// TokenLifetime is how long an ID token is valid: 5 minutes if zero, 10 at
	// most.
	TokenLifetime time.Duration
	// CodeLifetime is how long a mailed code works: 15 minutes if zero.
	CodeLifetime time.Duration
	// AuthCodeLifetime is how long an authorization code works: 60 seconds if
	// zero, which is also the most (RFC 9700 section 4.5 wants it short).
	AuthCodeLifetime time.Duration
	// AccessTokenLifetime is how long an access token opens the userinfo endpoint, and
	// whatever asks the introspection endpoint: 15 minutes if zero, 24 hours at most. A
	// sign-out, a revocation and a site that is disconnected end it sooner.
	AccessTokenLifetime time.Duration
	// RefreshIdle is how long a refresh token works that is not used: 30 days if zero.
	RefreshIdle time.Duration
	// OfflineLifetime is how long a client has access while the person is away
	// (offline_access), however often it is used: 180 days if zero.
	OfflineLifetime time.Duration
	// PrivateAddresses are networks in which clients may want to be told of a sign-out
	// (directory.Client.BackChannelLogoutURI), besides public addresses, and this machine
	// where the issuer is on it.
	PrivateAddresses []netip.Prefix
	// Scopes are the operator's own, which clients may ask for beside the standard ones.
	Scopes []directory.Scope
	// Claims adds an operator's own claims to the ID tokens of the code flow and to
	// userinfo: about an account, for a client that was granted these scopes. It must not
	// have the names of the provider's own claims. If it fails, nothing is issued.
	Claims func(ctx context.Context, a *directory.Account, c *directory.Client, scopes []string) (map[string]any, error)
	// MinPasswordLength is in characters, in NFC, of passwords that people choose from
	// now on: 15 if zero, the least where a password stands alone (NIST SP 800-63B-4
	// section 3.1.1.2), never below 8. A password that is long enough is still
	// refused if it would be guessed at once: made of five or fewer pieces such as
	// words that many choose, keys in a row, repetitions, years, and the names of
	// the person and the provider (the same section). The words are a list of the
	// kit's own, without any stolen passwords.
	MinPasswordLength int

	// Limits go by the address that a request comes from: behind a proxy that is
	// not believed, all people would share one limit; without a proxy, a client
	// that is believed would have as many as it likes. An https issuer therefore
	// needs one of these three.
	//
	// TrustedProxies are the networks of the operator's own proxies, whose
	// Forwarded (RFC 7239) or X-Forwarded-For is believed.
	TrustedProxies []netip.Prefix
	// DirectConnections says that there is no proxy: the peer of the connection is
	// the client.
	DirectConnections bool
	// ClientAddr finds the address itself, from whatever the proxies write. A server on
	// a Unix socket needs it, since its peers have no address.
	ClientAddr func(*http.Request) netip.Addr
	// Pages returns what is added to the page that is about to be shown; nil adds
	// nothing.
	Pages func(context.Context, PageAt) PageParts

	Now func() time.Time // time.Now if nil
	Log *slog.Logger     // silent if nil; never gets a secret or an address
}

const (
	maxTokenLifetime    = 10 * time.Minute
	maxAuthCodeLifetime = time.Minute
	maxAccessLifetime   = 24 * time.Hour
)

// withDefaults returns the configuration with its zero values replaced, or says
// what is wrong with it.
func (c Config) withDefaults() (Config, error) {
	if err := origin.CheckSecure(c.Issuer); err != nil {
		return c, fmt.Errorf("idpserver: Issuer: %q is not the origin of a provider: it %w", c.Issuer, err)
	}
	switch {
	case c.Store == nil:
		return c, errors.New("idpserver: Store is needed")
	case c.Clients == nil:
		return c, errors.New("idpserver: Clients is needed (see directory.StaticClients)")
	case c.Mailer == nil:
		return c, errors.New("idpserver: Mailer is needed, to verify addresses")
	}
	if err := directory.CheckScopes(c.Scopes, tokens.Scopes()); err != nil {
		return c, fmt.Errorf("idpserver: Scopes: %w", err)
	}
	for _, d := range c.Domains {
		if !people.IsDomain(d) {
			return c, fmt.Errorf("idpserver: Domains: %q is not a domain name in lower case", d)
		}
	}
	for _, d := range []time.Duration{c.SessionLifetime, c.SessionIdle, c.TokenLifetime, c.CodeLifetime, c.AuthCodeLifetime,
		c.AccessTokenLifetime, c.RefreshIdle, c.OfflineLifetime} {
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
	if c.AccessTokenLifetime > maxAccessLifetime {
		return c, fmt.Errorf("idpserver: AccessTokenLifetime is at most %v", maxAccessLifetime)
	}
	setDefault(&c.AccessTokenLifetime, 15*time.Minute)
	setDefault(&c.RefreshIdle, 30*24*time.Hour)
	setDefault(&c.OfflineLifetime, 180*24*time.Hour)
	setDefault(&c.AuthCodeLifetime, maxAuthCodeLifetime)
	setDefault(&c.SessionLifetime, 30*24*time.Hour)
	setDefault(&c.SessionIdle, 14*24*time.Hour)
	setDefault(&c.TokenLifetime, 5*time.Minute)
	setDefault(&c.CodeLifetime, 15*time.Minute)
	setDefault(&c.MinPasswordLength, 15)
	c.MinPasswordLength = max(c.MinPasswordLength, 8)
	if c.Name == "" {
		u, err := url.Parse(c.Issuer)
		if err != nil {
			return c, err
		}
		c.Name = u.Hostname()
	}
	if c.ClientAddr == nil {
		if strings.HasPrefix(c.Issuer, "https:") && len(c.TrustedProxies) == 0 && !c.DirectConnections {
			return c, errors.New("idpserver: say where requests come from: TrustedProxies behind a proxy, DirectConnections without one, or ClientAddr")
		}
		trusted := c.TrustedProxies
		c.ClientAddr = func(r *http.Request) netip.Addr { return web.ClientAddr(r, trusted) }
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

// ParseDomains reads the operator's file of domains: one domain name a line in
// lower case, empty lines and lines that begin with # are ignored. Errors name
// the line.
func ParseDomains(r io.Reader) ([]string, error) { return people.ParseDomains(r) }
