package rpserver

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// Provider is an identity provider that people may sign in with. Issuer and
// ClientID are required.
type Provider struct {
	// ConfigURL is the provider's FedCM config file, named exactly as its
	// well-known file names it. Empty means that the provider has no FedCM: people
	// sign in with it by redirect, even those who press the button of signin.js.
	ConfigURL string

	// Issuer is the provider's issuer identifier, the iss of its tokens.
	Issuer string

	// IssuerAliases are other values of iss that mean the same provider, see
	// oidc.GoogleIssuers. Users are kept under Issuer whichever a token has.
	IssuerAliases []string

	// ClientID is the name under which the provider knows this relying party, the
	// aud of the tokens made for it.
	ClientID string

	// TrustedAudiences may stand in the aud of a token beside ClientID; the token must
	// then say that it was given to ClientID (azp). Zitadel, for one, writes the
	// project's id and its other clients there. Empty: a token for anybody else as
	// well is refused (OpenID Connect Core 1.0 section 3.1.3.7).
	TrustedAudiences []string

	// Name names the provider in the paths of the code flow: letters, digits and
	// hyphens. Empty means the issuer's host with hyphens, and a number where
	// several share it. The redirect URI to register at the provider ends in it,
	// see RP.RedirectURIs.
	Name string

	// ClientSecret authenticates this relying party at the provider's token
	// endpoint (client_secret_basic). Empty means a public client, whose codes
	// PKCE protects.
	ClientSecret string

	// Scopes are asked for in the code flow beside openid. Nil means profile and
	// email.
	Scopes []string

	// JWKSURL is where the provider publishes its keys. Empty means the jwks_uri
	// of {Issuer}/.well-known/openid-configuration (OpenID Connect Discovery 1.0
	// section 4). Unused if Keys is set.
	JWKSURL string

	// Keys gives the provider's keys. Nil means that they are fetched and kept as
	// long as the provider's caching headers say.
	Keys jwks.KeySource

	// HostedDomain, if set, admits only the members of this organisation: the hd of
	// a token must be equal to it. "*" admits the members of any organisation, and
	// no personal accounts. In a sign-in by redirect the provider is asked for such
	// an account as well.
	HostedDomain string

	// Algorithms are the accepted signature algorithms. Empty means those that
	// protocol/oidc accepts by default.
	Algorithms []jws.Algorithm

	// TopLevelNonce sends the nonce both inside params, where it belongs, and
	// beside it, where providers made for older browsers look. Chromium logs a
	// deprecation then.
	TopLevelNonce bool
}

type provider struct {
	Provider
	keys jwks.KeySource
	op   *op.Provider
}

func newProviders(c Config, now func() time.Time, log *slog.Logger) ([]*provider, error) {
	var out []*provider
	for _, p := range c.Providers {
		if p.ConfigURL != "" {
			if _, err := web.SecureURL(p.ConfigURL); err != nil {
				return nil, fmt.Errorf("provider ConfigURL %q: %w", p.ConfigURL, err)
			}
		}
		if u, err := web.SecureURL(p.Issuer); err != nil {
			return nil, fmt.Errorf("provider Issuer %q: %w", p.Issuer, err)
		} else if u.RawQuery != "" {
			return nil, fmt.Errorf("provider Issuer %q: must have no query", p.Issuer)
		}
		if p.ClientID == "" {
			return nil, fmt.Errorf("provider %q: ClientID is empty: register this site there and give the client id", p.Issuer)
		}
		if p.ConfigURL != "" && slices.ContainsFunc(out, func(q *provider) bool { return q.ConfigURL == p.ConfigURL }) {
			return nil, fmt.Errorf("provider ConfigURL %q appears twice", p.ConfigURL)
		}
		if p.Name == "" {
			p.Name = hostName(p.Issuer)
			for n := 2; slices.ContainsFunc(out, func(q *provider) bool { return q.Name == p.Name }); n++ {
				p.Name = hostName(p.Issuer) + "-" + strconv.Itoa(n)
			}
		}
		if !isName(p.Name) {
			return nil, fmt.Errorf("provider Name %q: may hold letters, digits and hyphens only", p.Name)
		}
		if slices.ContainsFunc(out, func(q *provider) bool { return q.Name == p.Name }) {
			return nil, fmt.Errorf("provider Name %q appears twice: give each provider a name of its own", p.Name)
		}
		if p.JWKSURL != "" {
			if _, err := web.SecureURL(p.JWKSURL); err != nil {
				return nil, fmt.Errorf("provider %q: JWKSURL %q: %w", p.Issuer, p.JWKSURL, err)
			}
		}
		q := &provider{Provider: p, keys: p.Keys}
		var err error
		q.op, err = op.New(op.Config{Issuer: p.Issuer, KeysURL: p.JWKSURL, Client: c.Client, Private: c.PrivateAddresses, Now: now,
			OnError: func(what string, why error) {
				log.Warn("relying party: the provider's "+what+" could not be fetched", "issuer", p.Issuer, "error", why)
			},
			OnRejected: func(keys []jws.RejectedKey) {
				for _, k := range keys {
					log.Warn("relying party: a key of the provider is left out", "issuer", p.Issuer, "kid", k.KeyID, "reason", k.Reason)
				}
			}})
		if err == nil && q.keys == nil {
			q.keys, err = q.op.Keys()
		}
		if err != nil {
			return nil, fmt.Errorf("provider %q: %w", p.Issuer, err)
		}
		out = append(out, q)
	}
	return out, nil
}

// hostName makes a name of an issuer: "https://idp.example:8443" is
// "idp-example-8443".
func hostName(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil {
		return ""
	}
	return strings.Map(func(c rune) rune {
		if isName(string(c)) {
			return c
		}
		return '-'
	}, u.Host)
}

func isName(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-'
	})
}

// providerFor finds the provider that the page says the token is from. This only
// chooses whose rules and keys the token is judged by: a token of one provider
// is refused under another's issuer and keys.
func (rp *RP) providerFor(configURL string) (*provider, error) {
	var fedcm []*provider
	for _, p := range rp.providers {
		if p.ConfigURL == "" {
			continue
		}
		if p.ConfigURL == configURL {
			return p, nil
		}
		fedcm = append(fedcm, p)
	}
	switch {
	case len(fedcm) == 0:
		return nil, web.NewProblem(http.StatusBadRequest, "provider_without_fedcm",
			"This site has no identity provider with FedCM. People sign in by redirect, which begins at signin/start.")
	case configURL == "" && len(fedcm) == 1: // a browser that knows one provider at a time
		return fedcm[0], nil
	case configURL == "":
		return nil, web.NewProblem(http.StatusBadRequest, "provider_missing",
			"This site has several identity providers: send the credential's configURL as \"config_url\".")
	}
	return nil, web.NewProblem(http.StatusBadRequest, "provider_unknown",
		"This site does not sign in with the provider named in \"config_url\".")
}

// ConnectSrc lists what a page needs in the connect-src of its Content Security
// Policy, besides 'self', to ask the providers with FedCM. It is empty where none
// has FedCM: a redirect needs nothing there.
func (rp *RP) ConnectSrc() []string {
	var out []string
	for _, p := range rp.providers {
		u, err := web.SecureURL(p.ConfigURL)
		if err != nil { // there is none: New read it already
			continue
		}
		if o := u.Scheme + "://" + u.Host; !slices.Contains(out, o) {
			out = append(out, o)
		}
	}
	return out
}

// config is what a token of this provider must satisfy. take uses up the nonce:
// a browser may have several under way, and the store knows their hashes alone,
// so there is no one value to compare with.
func (p *provider) config(keys *jws.KeySet, take func(nonce string) error) oidc.Config {
	return oidc.Config{
		Issuer:           p.Issuer,
		IssuerAliases:    p.IssuerAliases,
		ClientID:         p.ClientID,
		TrustedAudiences: p.TrustedAudiences,
		Keys:             keys,
		CheckNonce:       take,
		HostedDomain:     p.HostedDomain,
		Algorithms:       p.Algorithms,
		MaxSize:          maxToken,
	}
}
