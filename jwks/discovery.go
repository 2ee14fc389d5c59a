package jwks

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/freshness"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// DiscoveryConfig says how discovery documents are fetched and kept. The zero value
// serves.
type DiscoveryConfig struct {
	// Client makes the requests; its redirects are not followed. Nil is as in Config.
	Client *http.Client
	// PrivateAddresses are as in Config.
	PrivateAddresses []netip.Prefix
	// URL is where the document is, for a Discovery of one issuer whose document is
	// elsewhere than {issuer}/.well-known/openid-configuration. Whoever sets it says
	// whom to believe: another host than the issuer's is taken, and the issuer that
	// the document names must still be the one that is asked for.
	URL string
	// Rules are how long documents are kept. Other than in a Config, a ShortestAge of
	// 0 means one minute: of several large providers the document says no-store, and a
	// sign-in needs it twice.
	Rules freshness.Rules
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// OnError is told why a fetch failed, once for each; nil means that nobody is told.
	OnError func(issuer string, err error)
}

// Discovery fetches and keeps issuers' discovery documents (OpenID Connect Discovery
// 1.0 section 4). It is safe for concurrent use. It remembers every issuer that it is
// asked for, so ask only for issuers that you trust.
type Discovery struct {
	c     DiscoveryConfig
	reach reach

	mu      sync.Mutex
	issuers map[string]*discovered
}

type discovered struct {
	document kept[*oidc.Discovery]
	client   *http.Client
}

// NewDiscovery returns a Discovery. It fetches nothing yet.
func NewDiscovery(c DiscoveryConfig) (*Discovery, error) {
	if c.Client != nil && len(c.PrivateAddresses) > 0 {
		return nil, errors.New("jwks: DiscoveryConfig.PrivateAddresses are set with a DiscoveryConfig.Client, which decides itself where it goes: set one of them")
	}
	if c.URL != "" {
		if _, err := web.SecureURL(c.URL); err != nil {
			return nil, fmt.Errorf("jwks: DiscoveryConfig.URL %w", err)
		}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rules.ShortestAge == 0 {
		c.Rules.ShortestAge = time.Minute
	}
	return &Discovery{c: c, reach: reach{c.Client, c.PrivateAddresses, false, c.Rules.WaitAtMost()}, issuers: map[string]*discovered{}}, nil
}

// Metadata returns the issuer's document, fetching it if there is none or it is too
// old. Its issuer was compared; what else it names is judged where it is used, see
// Endpoint. Errors are *Error, or the context's.
func (d *Discovery) Metadata(ctx context.Context, issuer string) (*oidc.Discovery, error) {
	return d.ask(ctx, issuer, false)
}

// Endpoint returns the address that the issuer's document names in a member, such as
// "introspection_endpoint". It is https, and on this machine only where the document
// is: what another host says of localhost is about services that are none of its own.
// Errors are *Error, or the context's.
func (d *Discovery) Endpoint(ctx context.Context, issuer, member string) (string, error) {
	document, err := d.ask(ctx, issuer, false)
	if err != nil {
		return "", err
	}
	return d.linked(document, issuer, member)
}

// KeysURL is Endpoint for jwks_uri, and a Locate. A Config with a Discovery does more:
// it looks at the document anew where the address that it named has failed.
func (d *Discovery) KeysURL(ctx context.Context, issuer string) (string, error) {
	return d.Endpoint(ctx, issuer, "jwks_uri")
}

// keysURL is KeysURL; again says that keys could not be had where the document said.
func (d *Discovery) keysURL(ctx context.Context, issuer string, again bool) (string, error) {
	document, err := d.ask(ctx, issuer, again)
	if err != nil {
		return "", err
	}
	return d.linked(document, issuer, "jwks_uri")
}

func (d *Discovery) ask(ctx context.Context, issuer string, again bool) (*oidc.Discovery, error) {
	e, err := d.of(issuer)
	if err != nil {
		return nil, &Error{Code: CodeDiscovery, Reason: ReasonAddress, Err: err}
	}
	return e.document.ask(ctx, again)
}

// where is the address of the issuer's document.
func (d *Discovery) where(issuer string) string {
	if d.c.URL != "" {
		return d.c.URL
	}
	return oidc.DiscoveryURL(issuer)
}

func (d *Discovery) of(issuer string) (*discovered, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.issuers[issuer]; e != nil {
		return e, nil
	}
	client, err := d.reach.clientFor(d.where(issuer))
	if err != nil {
		return nil, err
	}
	e := &discovered{client: client}
	e.document.code, e.document.now, e.document.rules = CodeDiscovery, d.c.Now, d.c.Rules
	e.document.get = func(ctx context.Context, noCache bool) (got[*oidc.Discovery], *Error) {
		return d.fetch(ctx, issuer, client, noCache)
	}
	e.document.failed = func(why *Error) {
		if d.c.OnError != nil {
			d.c.OnError(issuer, why)
		}
	}
	d.issuers[issuer] = e
	return e, nil
}

func (d *Discovery) fetch(ctx context.Context, issuer string, client *http.Client, noCache bool) (none got[*oidc.Discovery], _ *Error) {
	a, why := d.reach.get(ctx, client, request{"the discovery document", d.where(issuer), "application/json", oidc.MaxDiscovery, noCache})
	if why != nil {
		return none, why
	}
	document, err := oidc.ParseDiscovery(a.body, issuer)
	if err == nil {
		return got[*oidc.Discovery]{document, a.cacheControl, a.age}, nil
	}
	why = unread(a.body, oidc.MaxDiscovery, err)
	if errors.Is(err, &oidc.Error{Code: oidc.CodeDocumentIss}) {
		why.Reason = ReasonIssuer
	}
	why.At = originOf(d.where(issuer))
	return none, why
}

// linked returns an address that a document names.
func (d *Discovery) linked(document *oidc.Discovery, issuer, member string) (string, error) {
	raw, err := document.Require(member)
	if err != nil {
		return "", &Error{Code: CodeDiscovery, Reason: ReasonMember, At: originOf(d.where(issuer)), Err: err}
	}
	if _, err := web.LinkedURL(d.where(issuer), raw); err != nil {
		return "", &Error{Code: CodeDiscovery, Reason: ReasonAddress, At: originOf(d.where(issuer)), Err: fmt.Errorf("%s of the discovery document %w", member, err)}
	}
	return raw, nil
}

// Discovered returns a Source of the keys that issuers name by discovery, for a server
// that takes an issuer's tokens: New with a Discovery of the same settings.
func Discovered(c Config) (*Source, error) {
	if c.Locate != nil || c.Discovery != nil || c.InsecureHTTP {
		return nil, errors.New("jwks: Discovered finds the keys itself, by https: leave Locate, Discovery and InsecureHTTP of its Config empty")
	}
	d, err := NewDiscovery(DiscoveryConfig{Client: c.Client, PrivateAddresses: c.PrivateAddresses, Rules: c.Rules, Now: c.Now, OnError: c.OnError})
	if err != nil {
		return nil, err
	}
	c.Discovery = d
	return New(c)
}
