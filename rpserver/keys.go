package rpserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
	"github.com/bonafides-dev/bonafides/rpserver/jwks"
)

const maxDiscovery = 64 << 10 // bytes of a discovery document; Google's has 1.3 KiB

// fetchedKeys is the default KeySource of a provider: its JWK set over HTTP,
// found by discovery unless the configuration names it.
func fetchedKeys(p Provider, client *http.Client, now func() time.Time, log *slog.Logger) (KeySource, error) {
	locate := jwks.URL(p.JWKSURL)
	if p.JWKSURL == "" {
		locate = func(ctx context.Context, issuer string) (string, error) {
			where, err := discoverKeys(ctx, client, issuer)
			if err != nil {
				log.WarnContext(ctx, "relying party: discovery of the provider failed", "issuer", issuer, "error", err)
			}
			return where, err
		}
	} else if _, err := parseURL(p.JWKSURL); err != nil {
		return nil, fmt.Errorf("JWKSURL %q: %w", p.JWKSURL, err)
	}
	return jwks.New(jwks.Config{Client: client, Locate: locate, Now: now})
}

// discoverKeys returns the jwks_uri of the provider's discovery document.
func discoverKeys(ctx context.Context, client *http.Client, issuer string) (string, error) {
	v, err := discover(ctx, client, issuer)
	if err != nil {
		return "", err
	}
	where, ok := v.Get("jwks_uri").Text()
	if !ok {
		return "", errors.New("discovery: the document names no jwks_uri")
	}
	return where, jwks.CheckURL(where, false)
}

// discover reads the provider's discovery document (OpenID Connect Discovery 1.0
// sections 4.1 and 4.3). The document must name the issuer that it was asked of:
// another one's keys would let that one sign in our users. A provider that has
// FedCM alone has no authorization endpoint, so the document need not be
// complete; each member is read strictly where it is needed.
func discover(ctx context.Context, client *http.Client, issuer string) (none strictjson.Value, _ error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, oidc.DiscoveryURL(issuer), nil)
	if err != nil {
		return none, err
	}
	req.Header.Set("Accept", "application/json")
	c := *client
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := c.Do(req)
	if err != nil {
		return none, err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return none, fmt.Errorf("discovery: status %d", res.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(res.Body, maxDiscovery+1))
	if err != nil {
		return none, err
	}
	v, err := strictjson.Parse(body, strictjson.Limits{MaxSize: maxDiscovery})
	if err != nil {
		return none, err
	}
	if named, _ := v.Get("issuer").Text(); named != issuer {
		return none, errors.New("discovery: the document names another issuer")
	}
	return v, nil
}
