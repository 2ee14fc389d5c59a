package rpserver

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// Limits of a provider's settings.
const (
	mostSkew    = 5 * time.Minute
	mostIDToken = 256 << 10
	mostAnswer  = 1 << 20
)

// check refuses settings that cannot work, or that work against each other, before
// anybody signs in.
func (p *Provider) check(siteOrigin string) error {
	if p.ConfigURL != "" {
		if _, err := web.SecureURL(p.ConfigURL); err != nil {
			return fmt.Errorf("provider ConfigURL %q: %w", p.ConfigURL, err)
		}
	}
	if u, err := web.SecureURL(p.exampleIssuer()); err != nil {
		return fmt.Errorf("provider Issuer %q: %w", p.Issuer, err)
	} else if u.RawQuery != "" {
		return fmt.Errorf("provider Issuer %q: must have no query", p.Issuer)
	}
	if p.ClientID == "" {
		return fmt.Errorf("provider %q: ClientID is empty: register this site there and give the client id", p.Issuer)
	}
	for name, address := range map[string]string{"JWKSURL": p.JWKSURL, "DiscoveryURL": p.DiscoveryURL} {
		if address == "" {
			continue
		}
		if _, err := web.SecureURL(address); err != nil {
			return fmt.Errorf("provider %q: %s %q: %w", p.Issuer, name, address, err)
		}
	}
	for _, err := range []error{p.checkTenants(), p.checkAuth(), p.checkFlow(siteOrigin), p.checkSizes()} {
		if err != nil {
			return fmt.Errorf("provider %q: %w", p.Issuer, err)
		}
	}
	return nil
}

// tenantPlace is where a tenant's id stands in an Issuer of several.
const tenantPlace = "{tenantid}"

// exampleIssuer is an issuer that a token may have.
func (p *Provider) exampleIssuer() string {
	if len(p.Tenants) == 0 {
		return p.Issuer
	}
	return strings.ReplaceAll(p.Issuer, tenantPlace, p.Tenants[0])
}

func (p *Provider) checkTenants() error {
	switch {
	case len(p.Tenants) == 0 && strings.Contains(p.Issuer, tenantPlace):
		return errors.New("the Issuer is one of several tenants: list in Tenants those whose people may sign in")
	case len(p.Tenants) > 0 && strings.Count(p.Issuer, tenantPlace) != 1:
		return errors.New("the Issuer must hold " + tenantPlace + " once where Tenants are listed")
	case len(p.Tenants) > 0 && len(p.IssuerAliases) > 0:
		return errors.New("the settings Tenants and IssuerAliases do not go together")
	}
	for _, t := range p.Tenants {
		if !isName(t) {
			return fmt.Errorf("tenant %q: may hold letters, digits and hyphens only", t)
		}
	}
	return nil
}

// checkAuth judges how the relying party authenticates itself.
func (p *Provider) checkAuth() error {
	secret := p.ClientSecret != "" || p.ClientSecretFunc != nil
	switch {
	case p.ClientSecret != "" && p.ClientSecretFunc != nil:
		return errors.New("both ClientSecret and ClientSecretFunc are set: set one of them")
	case secret && p.ClientKey != nil:
		return errors.New("a client secret and ClientKey are set: set one of them")
	case p.AssertionAudience != "" && p.ClientKey == nil:
		return errors.New("the setting AssertionAudience is for a ClientKey, and there is none")
	}
	switch p.TokenAuth {
	case "":
	case op.AuthBasic, op.AuthPost:
		if !secret {
			return fmt.Errorf("the setting TokenAuth is %s, and there is no ClientSecret", p.TokenAuth)
		}
	case op.AuthKey:
		if p.ClientKey == nil {
			return fmt.Errorf("the setting TokenAuth is %s, and there is no ClientKey", p.TokenAuth)
		}
	case op.AuthNone:
		if secret || p.ClientKey != nil {
			return errors.New("the setting TokenAuth is none, and there is a client secret or ClientKey that it would not send")
		}
	default:
		return fmt.Errorf("the setting TokenAuth is %q: it must be client_secret_basic, client_secret_post, private_key_jwt or none", p.TokenAuth)
	}
	if p.InsecureNoPKCE && !secret && p.ClientKey == nil {
		return errors.New("the setting InsecureNoPKCE needs a ClientSecret or ClientKey: a code would be anybody's without both")
	}
	return nil
}

// checkFlow judges how the provider is asked and answers.
func (p *Provider) checkFlow(siteOrigin string) error {
	switch {
	case p.ResponseMode != "" && p.ResponseMode != modeFormPost:
		return fmt.Errorf("the setting ResponseMode is %q: it must be empty or %s", p.ResponseMode, modeFormPost)
	case p.ResponseMode == modeFormPost && !strings.HasPrefix(siteOrigin, "https://"):
		return errors.New("the setting ResponseMode form_post needs an https Origin: browsers keep no cookie for a POST from another site on http")
	case p.CredentialPost && !strings.HasPrefix(siteOrigin, "https://"):
		return errors.New("the setting CredentialPost needs an https Origin: browsers keep no cookie for a POST from another site on http")
	case !slices.Contains([]string{"", UserinfoAlways, UserinfoNever}, p.Userinfo):
		return fmt.Errorf("the setting Userinfo is %q: it must be empty, %s or %s", p.Userinfo, UserinfoAlways, UserinfoNever)
	}
	// A name that the request has already would otherwise be found at the first sign-in.
	sample := oidc.AuthRequest{ClientID: p.ClientID, RedirectURI: siteOrigin, State: "state", Nonce: "nonce",
		Prompt: p.Prompt, HostedDomain: p.HostedDomain, InsecureNoPKCE: true, Extra: p.Params}
	if p.Offline {
		sample.AccessType = "offline"
	}
	if _, err := sample.Written(); err != nil {
		return fmt.Errorf("the settings Params, Prompt and HostedDomain make no request: %w", err)
	}
	for _, m := range p.Match {
		if m.Name == "" || len(m.Values) == 0 {
			return errors.New("the setting Match holds a claim without a name or without values")
		}
	}
	// A request as it will be written: what it refuses would meet the first person who
	// signs in.
	try := oidc.AuthRequest{ClientID: p.ClientID, RedirectURI: siteOrigin, State: "x", Nonce: "x", InsecureNoPKCE: true,
		Scopes: slices.Concat(p.Scopes, p.MoreScopes)}
	if _, err := try.Written(); err != nil {
		return fmt.Errorf("the setting Scopes or MoreScopes: %w", err)
	}
	try.Extra = p.Params
	if _, err := try.Written(); err != nil {
		return fmt.Errorf("the setting Params: %w", err)
	}
	return nil
}

func (p *Provider) checkSizes() error {
	switch {
	case p.Skew < 0 || p.Skew > mostSkew:
		return errors.New("the setting Skew must lie between 0 and 5 minutes: a clock that differs by more has to be set")
	case p.MaxIDToken < 0 || p.MaxIDToken > mostIDToken:
		return errors.New("the setting MaxIDToken must lie between 0 (16 KiB) and 262144 bytes")
	case p.MaxAnswer < 0 || p.MaxAnswer > mostAnswer:
		return errors.New("the setting MaxAnswer must lie between 0 (64 KiB) and 1048576 bytes")
	case p.MaxAnswer > 0 && p.MaxAnswer < p.MaxIDToken:
		return errors.New("the setting MaxAnswer is smaller than MaxIDToken, which comes in it")
	case p.MaxSignOutURL < 0:
		return errors.New("the setting MaxSignOutURL is negative")
	case p.StaleIfError < 0:
		return errors.New("the setting StaleIfError is negative")
	}
	return nil
}
