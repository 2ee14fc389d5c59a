package op

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/freshness"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// What OnError is told about.
const (
	FetchingDiscovery = "discovery document"
	FetchingKeys      = "keys"
)

// tenantPlace is what stands for a tenant in the issuer of a provider of many.
const tenantPlace = "{tenantid}"

// checkPlaces judges where a Config finds the discovery document.
func (c Config) checkPlaces() error {
	if c.DiscoveryURL != "" {
		if _, err := web.SecureURL(c.DiscoveryURL); err != nil {
			return fmt.Errorf("DiscoveryURL %q: %w", c.DiscoveryURL, err)
		}
	}
	switch template := strings.Contains(c.Issuer, tenantPlace); {
	case template && len(c.Tenants) == 0:
		return errors.New("the issuer holds {tenantid}, which stands for any tenant: set Tenants to those whose people may sign in")
	case !template && len(c.Tenants) > 0:
		return errors.New("the issuer holds no {tenantid}, and Tenants are set: write {tenantid} where the tenant's id is in iss, or leave Tenants empty")
	case template && c.DiscoveryURL == "":
		return errors.New("the issuer holds {tenantid}, so its discovery document is elsewhere: set DiscoveryURL to where the provider publishes the one for all tenants")
	}
	return nil
}

// documentAt is where the discovery document is.
func (c Config) documentAt() string {
	if c.DiscoveryURL != "" {
		return c.DiscoveryURL
	}
	return oidc.DiscoveryURL(c.Issuer)
}

// newDiscovery fetches the document (OpenID Connect Discovery 1.0 sections 4.1 and
// 4.3). It must name the issuer that it was asked of, wherever it was: another one's
// keys would let that one sign in our users.
func (p *Provider) newDiscovery() (err error) {
	p.discovery, err = jwks.NewDiscovery(jwks.DiscoveryConfig{
		Client: p.client, URL: p.c.DiscoveryURL, Now: p.c.Now, Rules: freshness.Rules{StaleIfError: p.c.StaleIfError},
		OnError: func(_ string, err error) { p.failed(FetchingDiscovery, err) },
	})
	return err
}

func (p *Provider) failed(what string, err error) {
	if p.c.OnError != nil {
		p.c.OnError(what, err)
	}
}

// Metadata is the provider's discovery document. It is kept as long as its caching
// headers say, a minute at least, and fetched once for everybody who waits. Its issuer
// was compared; what else it names is judged where it is used. Errors are *jwks.Error,
// with the reason and how long the provider is left alone, or the context's.
func (p *Provider) Metadata(ctx context.Context) (*oidc.Discovery, error) {
	return p.discovery.Metadata(ctx, p.c.Issuer)
}

// Keys is the provider's key set, kept as long as its caching headers say. Where
// discovery says where it is, the document that Endpoints uses serves it too.
func (p *Provider) Keys() (jwks.KeySource, error) {
	c := jwks.Config{
		Client: p.client, Now: p.c.Now, Rules: jws.KeySetRules{StaleIfError: p.c.StaleIfError},
		OnError: func(_ string, err error) { p.failed(FetchingKeys, err) },
	}
	if p.c.OnRejected != nil {
		c.OnRejected = func(_ string, keys []jws.RejectedKey) { p.c.OnRejected(keys) }
	}
	if p.c.KeysURL != "" {
		c.Locate = jwks.URL(p.c.KeysURL)
	} else {
		c.Discovery = p.discovery
	}
	return jwks.New(c)
}

// Endpoint is the address that the discovery document names in a member, such as
// "userinfo_endpoint". It is https, and on this machine only where the document is.
// Errors are *jwks.Error: ReasonMember where the document names none.
func (p *Provider) Endpoint(ctx context.Context, member string) (string, error) {
	return p.discovery.Endpoint(ctx, p.c.Issuer, member)
}
