// Package op is one OpenID Provider as its client sees it: its discovery document
// (OpenID Connect Discovery 1.0 section 4), its keys, its endpoints, and the
// request that turns a code into an ID token (OpenID Connect Core 1.0 section
// 3.1.3).
//
//	Endpoints   where to send browsers and codes     -> URLs
//	Keys        what its ID tokens are signed with   -> jwks.KeySource
//	Exchange    a code                               -> an ID token, not judged
//
// It knows no user, no session and no browser: values come in, values and errors
// with a code come out. What people are told is the caller's business.
package op

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// Config says which provider it is and how it is reached. Issuer and Now are
// required.
type Config struct {
	Issuer  string
	KeysURL string // where its keys are; empty: discovery says it

	// Client reaches it. Nil means one that goes to public addresses by https
	// alone, to Private ones, to where KeysURL is, and where Issuer is on this
	// machine about on it.
	Client  *http.Client
	Private []netip.Prefix

	Now func() time.Time
}

// Provider is a provider. It is safe for concurrent use.
type Provider struct {
	c      Config
	client *http.Client
	wait   func(ctx context.Context, d time.Duration) error

	mu      sync.Mutex
	last    *oidc.Discovery
	fetched time.Time
}

const timeout = 10 * time.Second

// New does no I/O.
func New(c Config) (*Provider, error) {
	client := c.Client
	if client == nil {
		o := web.Outbound{From: c.Issuer, Private: c.Private, Timeout: timeout}
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
	return &Provider{c: c, client: &own, wait: wait}, nil
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

// linked reads an address that the discovery document names.
func (p *Provider) linked(name, raw string) (*url.URL, error) {
	if raw == "" {
		return nil, fmt.Errorf("discovery: the document names no %s", name)
	}
	u, err := web.LinkedURL(p.c.Issuer, raw)
	if err != nil {
		return nil, fmt.Errorf("discovery: %s %w", name, err)
	}
	return u, nil
}
