package idptest

import (
	"maps"
	"slices"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// Quirks are what a provider does otherwise than the specifications or than most. The
// zero value is a correct provider. Each says who does it; what nobody does but an
// attacker says nothing, and a relying party has to refuse it.
type Quirks struct {
	Token     TokenQuirks    // the ID token
	Keys      KeyQuirks      // the key set
	Answers   AnswerQuirks   // authorization, token and userinfo answers
	Endpoints EndpointQuirks // what there is, and where
	Logout    LogoutQuirks   // the logout token
	Faults    map[Endpoint]Fault
}

// Set replaces all quirks.
func (p *Provider) Set(q Quirks) { p.Quirk(func(old *Quirks) { *old = q }) }

// Quirk changes some of them and leaves the others. change must not call the provider.
func (p *Provider) Quirk(change func(*Quirks)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := p.quirks
	q.Faults = maps.Clone(q.Faults)
	change(&q)
	p.quirks = q
}

// KeyQuirks change the key set. The keys stay good: they are numbers, however written.
type KeyQuirks struct {
	Unpublished   bool            // the signing keys are not in the set: between a rotation and its publication
	SignedNumbers bool            // numbers with a leading zero byte (Cloud Foundry UAA)
	Padded        bool            // base64 with padding, of the standard alphabet (providers that write their own key set)
	NullMembers   bool            // optional members that are null or empty: "d", "x5c", "key_ops" (serializers that write every field)
	Twice         bool            // each key twice under its kid (sets put together from several)
	TwoWithOneKID bool            // another key of the same kid before the right one (providers that number their keys)
	BadEntry      bool            // one entry has a member twice, the others are good
	NoKeyID       bool            // no kid in the set (Token.NoKeyID is for the header)
	NoAlgorithm   bool            // no alg in the set (Entra)
	More          int             // so many more keys that sign nothing (keys of many tenants in one set)
	Algorithms    []jws.Algorithm // one more key of each, which signs nothing (Keycloak)
}

// LogoutQuirks change logout tokens (Back-Channel Logout 1.0 section 2.4). All but Type
// have to be refused.
type LogoutQuirks struct {
	Type          string // typ; empty is logout+jwt. "JWT" is what was written before the final text
	Unsigned      bool   // alg none
	HMAC          bool   // alg HS256 with the public key as the secret
	NoEvent       bool
	WrongEvent    bool
	WithNonce     bool // an ID token used as a logout token
	WrongAudience bool
	WrongIssuer   bool
	NoSubject     bool // neither sub nor sid
	NoTokenID     bool // no jti
	Expired       bool
}

// AnswerQuirks change what comes back from the endpoints.
type AnswerQuirks struct {
	PKCEOptional     bool // a request without code_challenge is answered (most providers)
	NoPKCE           bool // code_challenge is not looked at and not announced (LinkedIn, some plain OAuth servers)
	PKCERefused      bool // a request with code_challenge is an invalid_request (some plain OAuth servers)
	FormPostOnly     bool // response_mode form_post is demanded where a scope beside openid is asked for (Apple)
	FormPost         bool // the answer is a form that submits itself, asked for or not
	SemicolonInQuery bool // one more parameter, session_state, whose value holds a bare ";", which net/url drops
	NoIssuer         bool // no iss parameter, though discovery announces it (RFC 9207)
	WrongIssuer      bool // the iss parameter of another provider: a mix-up
	WrongState       bool

	TokenType         string // token_type; empty is Bearer. "bearer" is as good (GitHub)
	NoExpiresIn       bool   // no expires_in (GitHub)
	ExpiresInText     bool   // expires_in is a string (older Entra, PayPal)
	NoIDToken         bool   // OAuth without OpenID Connect
	NullMembers       bool   // members that have no value are null
	RefreshAlways     bool   // a refresh token though offline_access was not asked for (Keycloak, Apple)
	RefreshKept       bool   // refreshing gives no new refresh token: the old one stays good (Google)
	RefreshOnlyFirst  bool   // a refresh token for a person's first sign-in alone (Google)
	InvalidGrant      bool   // codes and refresh tokens are refused: the person withdrew consent
	RefreshNoIDToken  bool   // refreshing gives no ID token (Core section 12.2 allows it)
	RefreshNonce      bool   // the refreshed ID token has the nonce of the sign-in again (Keycloak before 25; Core section 12.2 advises against it)
	RefreshOtherToken bool   // refreshing gives the ID token of somebody else

	UserinfoWrongSubject bool   // sub of somebody else
	UserinfoJWT          bool   // userinfo is a signed JWT though the client did not register for it
	UserinfoText         string // this body in place of the claims
}

// EndpointQuirks change the discovery document and what is behind it.
type EndpointQuirks struct {
	// DiscoveryElsewhere moves the discovery document away from the issuer, see
	// Provider.DiscoveryURL (Azure AD B2C).
	DiscoveryElsewhere bool

	// Tenant makes the issuer a template: discovery says Provider.Template, and tokens
	// have this tenant in its place and as tid (Entra "common").
	Tenant string

	PostOnly        bool // client_secret_post alone (Apple, Twitch)
	PrivateKeyJWT   bool // private_key_jwt alone (open banking, some government providers)
	NoAuthMethods   bool // discovery does not list them: Basic, says the specification
	PARRequired     bool // authorization requests have to be pushed first (FAPI 2.0 providers)
	NoPAR           bool // no pushed authorization requests (most)
	NoUserinfo      bool
	UserinfoBody    bool // the access token in a POST's body alone (RFC 6750 section 2.2)
	NoRevocation    bool // (Entra)
	NoEndSession    bool // (Google, Apple)
	NoJWKS          bool // no jwks_uri
	NoAuthorization bool // keys and issuer alone, to verify with (GitHub Actions, Kubernetes)
	OddMembers      bool // members that nobody reads have types that nobody expects
	WrongIssuer     bool // discovery names another issuer

	// Edit changes what is left of the discovery document, last of all. It must not call
	// the provider.
	Edit func(document map[string]any)
}

// authMethods are the ways in which clients may authenticate.
func (q Quirks) authMethods() []string {
	switch {
	case q.Endpoints.PostOnly:
		return []string{"client_secret_post"}
	case q.Endpoints.PrivateKeyJWT:
		return []string{"private_key_jwt"}
	}
	return slices.Clone([]string{"client_secret_basic", "client_secret_post", "private_key_jwt", "none"})
}
