package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

const maxDiscovery = 64 << 10 // bytes of a discovery document; Google's has 1.3 KiB

// How old a discovery document may be. Keys change where endpoints do not, and are
// looked for when something was wrong with those that there were; a minute is
// enough for one sign-in to fetch the document once.
const (
	endpointsKept = time.Hour
	keysURLKept   = time.Minute
)

// Keys is the provider's key set, kept as long as its caching headers say. failed
// is told why a fetch failed.
func (p *Provider) Keys(failed func(error)) (jwks.KeySource, error) {
	locate := jwks.URL(p.c.KeysURL)
	if p.c.KeysURL == "" {
		locate = p.keysURL
	}
	return jwks.New(jwks.Config{
		Client: p.client, Locate: locate, Now: p.c.Now,
		OnError: func(_ string, err error) { failed(err) },
	})
}

// Metadata is the provider's discovery document. Its issuer was compared; what else
// it names is judged where it is used.
func (p *Provider) Metadata(ctx context.Context) (*oidc.Discovery, error) {
	return p.discovery(ctx, endpointsKept)
}

func (p *Provider) keysURL(ctx context.Context, _ string) (string, error) {
	d, err := p.discovery(ctx, keysURLKept)
	if err != nil {
		return "", err
	}
	if _, err := p.linked("jwks_uri", d.JWKSURI); err != nil {
		return "", err
	}
	return d.JWKSURI, nil
}

// discovery returns the provider's document, of this age at most.
func (p *Provider) discovery(ctx context.Context, age time.Duration) (*oidc.Discovery, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.c.Now()
	if p.last != nil && now.Sub(p.fetched) < age && !now.Before(p.fetched) {
		return p.last, nil
	}
	d, err := p.discover(ctx)
	if err != nil {
		return nil, err
	}
	p.last, p.fetched = d, now
	return d, nil
}

// discover fetches the document (OpenID Connect Discovery 1.0 sections 4.1 and
// 4.3). It must name the issuer that it was asked of: another one's keys would let
// that one sign in our users.
func (p *Provider) discover(ctx context.Context) (*oidc.Discovery, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, oidc.DiscoveryURL(p.c.Issuer), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	res, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("discovery: status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDiscovery+1))
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	if len(body) > maxDiscovery {
		return nil, errors.New("discovery: the document is longer than 64 KiB")
	}
	d, err := oidc.ParseDiscovery(body, p.c.Issuer)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return d, nil
}
