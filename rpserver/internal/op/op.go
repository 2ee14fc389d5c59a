// Package op is one OpenID Provider as its client sees it: its discovery document
// (OpenID Connect Discovery 1.0 section 4), its keys, its endpoints, and the
// request that turns a code into an ID token (OpenID Connect Core 1.0 section
// 3.1.3).
//
//	Metadata    what it says of itself               -> its discovery document
//	Endpoints   where to send browsers and codes     -> URLs
//	Keys        what its ID tokens are signed with   -> jwks.KeySource
//	Push        an authentication request            -> what stands for it in an address
//	Exchange    a code                               -> tokens, not judged
//	Renew       a refresh token                      -> the same
//	Userinfo    an access token                      -> who the person is
//	Revoke      a token                              -> nothing
//	EndSession  where to sign out there              -> a URL
//
// It knows no user, no session and no browser: values come in, values and errors
// with a code come out. What people are told is the caller's business.
package op

import (
	"context"
	"net/http"
	"net/netip"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Config says which provider it is and how it is reached. Issuer and Now are
// required.
type Config struct {
	Issuer       string
	KeysURL      string   // where its keys are; empty: discovery says it
	DiscoveryURL string   // where its discovery document is; empty: below Issuer
	Tenants      []string // Issuer holds "{tenantid}", and stands for these

	// StaleIfError is for how long beyond their age the discovery document and the
	// keys are still used while fetching fails; 0 means not at all.
	StaleIfError time.Duration

	// Auth is who asks, and how it shows that.
	Auth ClientAuth

	// MaxIDToken and MaxAnswer bound an ID token and an answer, in bytes. 0 means 16 KiB,
	// and 64 KiB or as much as MaxIDToken needs.
	MaxIDToken, MaxAnswer int

	// Client reaches it. Nil means one that goes to public addresses by https
	// alone, to Private ones, to where KeysURL is, and where the discovery document
	// is on this machine about on it.
	Client  *http.Client
	Private []netip.Prefix

	Now func() time.Time

	// OnError is told why a fetch failed, once for each: what is FetchingDiscovery or
	// FetchingKeys. OnRejected is told of keys that were left out, once for each
	// document, their ids escaped for a log. Either may be nil, and is called by
	// several goroutines.
	OnError    func(what string, err error)
	OnRejected func([]jws.RejectedKey)
}

// Provider is a provider. It is safe for concurrent use.
type Provider struct {
	c      Config
	client *http.Client
	wait   func(ctx context.Context, d time.Duration) error

	discovery *jwks.Discovery
}

const timeout = 10 * time.Second

// New does no I/O.
func New(c Config) (*Provider, error) {
	if err := c.checkPlaces(); err != nil {
		return nil, err
	}
	client := c.Client
	if client == nil {
		o := web.Outbound{From: c.documentAt(), Private: c.Private, Timeout: timeout}
		if u, err := web.SecureURL(c.KeysURL); err == nil && origin.IsLoopback(u.Hostname()) {
			o.Loopback = []string{web.OriginOf(u)} // named by who runs this, not by a document
		}
		var err error
		if client, err = o.Client(); err != nil {
			return nil, err
		}
	}
	own := *client
	// What is sent here is for one address: a redirect would take a code and a
	// secret to another, or bring another's answer.
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	p := &Provider{c: c, client: &own, wait: wait}
	if err := p.newDiscovery(); err != nil {
		return nil, err
	}
	return p, nil
}

// wait is the time until the provider may be asked again, or ctx is over.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
