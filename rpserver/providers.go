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
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// modeFormPost is a value of Provider.ResponseMode.
const modeFormPost = "form_post"

type provider struct {
	Provider
	keys jwks.KeySource
	op   *op.Provider
}

func newProviders(c Config, now func() time.Time, log *slog.Logger) ([]*provider, error) {
	var out []*provider
	for _, p := range c.Providers {
		if err := p.check(c.Origin); err != nil {
			return nil, err
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
		q, err := newProvider(p, c, now, log)
		if err != nil {
			return nil, fmt.Errorf("provider %q: %w", p.Issuer, err)
		}
		out = append(out, q)
	}
	return out, nil
}

func newProvider(p Provider, c Config, now func() time.Time, log *slog.Logger) (*provider, error) {
	q := &provider{Provider: p, keys: p.Keys}
	var err error
	q.op, err = op.New(op.Config{
		Issuer: p.Issuer, KeysURL: p.JWKSURL, DiscoveryURL: p.DiscoveryURL, Tenants: p.Tenants,
		StaleIfError: p.StaleIfError, MaxIDToken: p.MaxIDToken, MaxAnswer: p.MaxAnswer,
		Auth: op.ClientAuth{
			ID: p.ClientID, Secret: p.ClientSecret, SecretFunc: p.ClientSecretFunc, Method: p.TokenAuth,
			Signer: p.ClientKey, Audience: p.AssertionAudience,
		},
		OnRejected: func(keys []jws.RejectedKey) {
			for _, k := range keys {
				log.Warn("relying party: a key of the provider cannot be used", "issuer", p.Issuer, "kid", k.KeyID, "reason", k.Reason)
			}
		},
		Client: c.Client, Private: c.PrivateAddresses, Now: now,
		OnError: func(what string, why error) {
			log.Warn("relying party: the provider's documents could not be had", "issuer", p.Issuer, "what", what, "error", why)
		},
	})
	if err == nil && q.keys == nil {
		q.keys, err = q.op.Keys()
	}
	return q, err
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
