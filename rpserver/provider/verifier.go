package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// VerifierConfig says which tokens of machines and gateways count. They answer no
// sign-in: there is no nonce and perhaps no sub, and the issuer signs for everybody who
// asks it. Issuer, Audience and Match are required; what is left out is strict.
type VerifierConfig struct {
	// Issuer is the iss of the tokens, compared byte for byte.
	Issuer string
	// Audience is the aud that a token must have: the name under which whoever asks for
	// tokens knows this server. A token that was made for another server stops here.
	Audience string
	// TrustedAudiences may stand in aud beside Audience.
	TrustedAudiences []string
	// Match are claims that a token must have, all of them. It is never empty: anybody
	// can get a token for any audience from an issuer that serves everybody.
	Match []oidc.ClaimMatch

	// Header is where RequireToken looks, such as "Cf-Access-Jwt-Assertion". Empty means
	// "Authorization: Bearer" (RFC 6750 section 2.1).
	Header string

	// JWKSURL is where the keys are. Empty means the jwks_uri of the issuer's discovery
	// document, which needs no authorization endpoint.
	JWKSURL string
	// Keys gives the keys in place of both.
	Keys jwks.KeySource
	// Client fetches keys where Keys is nil, and PrivateAddresses may be reached without
	// one: both as in jwks.Config.
	Client           *http.Client
	PrivateAddresses []netip.Prefix

	Algorithms     []jws.Algorithm // accepted ones; empty means all of package jws
	IgnoreKeyHints bool            // as in rpserver.Provider
	Skew           time.Duration   // as in rpserver.Provider, at most 5 minutes
	MaxToken       int             // bytes, 16 KiB if 0
	StaleIfError   time.Duration   // as in rpserver.Provider

	Now func() time.Time // nil means time.Now
	Log *slog.Logger     // of refusals, without tokens; nil means slog.Default
}

// Verifier checks such tokens. It is safe for concurrent use.
type Verifier struct {
	c    VerifierConfig
	keys jwks.KeySource
}

// NewVerifier checks the configuration and fetches nothing yet.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.Match, c.TrustedAudiences = slices.Clone(c.Match), slices.Clone(c.TrustedAudiences)
	v := &Verifier{c: c, keys: c.Keys}
	if c.Audience == "" {
		return nil, errors.New("provider: VerifierConfig.Audience is empty: name what the aud of tokens for this server is")
	}
	if _, err := oidc.Judge("", v.rules(nil), c.Now()); errors.Is(err, &oidc.Error{Code: oidc.CodeConfig}) {
		return nil, fmt.Errorf("provider: VerifierConfig: %w", err)
	}
	for name, address := range map[string]string{"Issuer": c.Issuer, "JWKSURL": c.JWKSURL} {
		if address == "" && name == "JWKSURL" {
			continue
		}
		if _, err := web.SecureURL(address); err != nil {
			return nil, fmt.Errorf("provider: VerifierConfig.%s %q: %w", name, address, err)
		}
	}
	if v.keys != nil {
		return v, nil
	}
	keys := jwks.Config{
		Client: c.Client, PrivateAddresses: c.PrivateAddresses, Now: c.Now, Rules: jws.KeySetRules{StaleIfError: c.StaleIfError},
		OnError: func(issuer string, err error) {
			c.Log.Warn("token verifier: keys could not be had", "issuer", issuer, "error", err)
		},
		OnRejected: func(issuer string, rejected []jws.RejectedKey) {
			for _, k := range rejected {
				c.Log.Warn("token verifier: a key cannot be used", "issuer", issuer, "kid", k.KeyID, "reason", k.Reason)
			}
		},
	}
	var err error
	if c.JWKSURL != "" {
		keys.Locate = jwks.URL(c.JWKSURL)
		v.keys, err = jwks.New(keys)
	} else {
		v.keys, err = jwks.Discovered(keys)
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// rules are what package oidc judges by.
func (v *Verifier) rules(keys *jws.KeySet) oidc.Config {
	return oidc.Config{
		Issuer: v.c.Issuer, ClientID: v.c.Audience, TrustedAudiences: v.c.TrustedAudiences, Keys: keys,
		VerifyOnly: true, Match: v.c.Match,
		Algorithms: v.c.Algorithms, IgnoreKeyHints: v.c.IgnoreKeyHints, Skew: v.c.Skew, MaxSize: v.c.MaxToken,
	}
}

// Verify judges a token. It can be shown again until its exp: whoever must know that it
// comes once keeps its jti. Errors are *oidc.Error for the token, *jwks.Unavailable
// where there are no keys to judge it by, or the context's.
func (v *Verifier) Verify(ctx context.Context, token string) (*oidc.IDToken, error) {
	id, err := jwks.Judge(ctx, v.keys, v.c.Issuer, &oidc.Error{Code: jws.CodeKeyUnknown}, func(keys *jws.KeySet) (*oidc.IDToken, error) {
		return oidc.Verify(token, v.rules(keys), v.c.Now())
	})
	// Where there are no newer keys, the word about the older ones stands.
	var unavailable *jwks.Unavailable
	if errors.As(err, &unavailable) && unavailable.Verdict != nil {
		return nil, unavailable.Verdict
	}
	return id, err
}
