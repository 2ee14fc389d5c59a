package rpserver

import (
	"context"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// Provider is an identity provider that people may sign in with. Issuer and ClientID
// are required, and for a provider that keeps to the standard nothing more than
// ClientSecret is needed: the rest comes from its discovery document. What providers
// do otherwise has a setting here, and the refusal that it would change names it.
type Provider struct {
	// Issuer is the provider's issuer identifier, the iss of its tokens. With Tenants
	// it holds {tenantid} where a tenant's id stands.
	Issuer string

	// IssuerAliases are other values of iss that mean the same provider, see
	// oidc.GoogleIssuers. Users are kept under Issuer whichever a token has.
	IssuerAliases []string

	// Tenants are the tenants whose people may sign in, where one discovery document
	// is for all of them. The iss and tid of a token must both name the same one, and
	// its people are kept under that iss.
	Tenants []string

	// DiscoveryURL is where the provider's configuration is. Empty means
	// {Issuer}/.well-known/openid-configuration. Whichever it is, the issuer that the
	// document names must be Issuer (OpenID Connect Discovery 1.0 section 4.3).
	DiscoveryURL string

	// ClientID is the name under which the provider knows this relying party, the
	// aud of the tokens made for it.
	ClientID string

	// ClientSecret authenticates this relying party at the provider. Empty, and
	// without ClientSecretFunc and ClientKey, means a public client, whose codes PKCE
	// protects.
	ClientSecret string

	// ClientSecretFunc makes the secret anew for each request, for providers whose
	// secret is a token that expires. It is called by many at once.
	ClientSecretFunc func(context.Context) (string, error)

	// ClientKey signs what authenticates this relying party in a secret's place
	// (private_key_jwt, OpenID Connect Core 1.0 section 9).
	ClientKey jws.Signer

	// AssertionAudience is the aud of what ClientKey signs. Empty means Issuer; some
	// providers want the URL of their token endpoint.
	AssertionAudience string

	// TokenAuth is how the secret is sent: client_secret_basic, client_secret_post,
	// private_key_jwt or none. Empty means the best of those that the discovery document
	// names, and client_secret_basic where it names none.
	TokenAuth string

	// Name names the provider in the paths of the code flow: letters, digits and
	// hyphens. Empty means the issuer's host with hyphens, and a number where
	// several share it. The redirect URI to register at the provider ends in it,
	// see RP.RedirectURIs.
	Name string

	// Scopes are asked for in the code flow beside openid. Nil means profile and
	// email.
	Scopes []string

	// MoreScopes may be asked for later, of somebody who is signed in, when they need what
	// the scopes are for: signin/start?provider=NAME&scope=SCOPE, from a page of the
	// site. Least is asked for first, and consent is given where it is understood.
	MoreScopes []string

	// Offline asks for a refresh token, so that TokenSource works when the access
	// token is over: with the scope offline_access where the discovery document names
	// it, with access_type=offline elsewhere. Some providers give one only with
	// Prompt "consent".
	Offline bool

	// Prompt is sent with every sign-in by redirect, oidc.PromptSelectAccount for one.
	Prompt string

	// Params are sent with authentication requests besides what this package sends:
	// display, acr_values, ui_locales and the provider's own. A name that the request has
	// already is refused.
	Params []oidc.Param

	// ResponseMode is how the provider brings its answer: "" in the query, or
	// "form_post" where it insists on a POST. The latter needs an https Origin: the
	// cookie that comes with a POST of another site does not exist on http.
	ResponseMode string

	// Userinfo says when the userinfo endpoint is asked as well in the code flow:
	// "" when the ID token lacks the name or the address that Scopes ask for, and
	// an endpoint that gives nothing costs no more than these; UserinfoAlways, which
	// then refuses the sign-in; or UserinfoNever.
	Userinfo string

	// TrustedAudiences may stand in the aud of a token beside ClientID; the token must
	// then say that it was given to ClientID (azp). Zitadel, for one, writes the
	// project's id and its other clients there. Empty: a token for anybody else as
	// well is refused (OpenID Connect Core 1.0 section 3.1.3.7).
	TrustedAudiences []string

	// AuthorizedParties may be the azp of a token beside ClientID: the other clients of
	// one site, as where a phone's own client asks for tokens for the server. Empty: a
	// token that was given to another client is refused.
	AuthorizedParties []string

	// HostedDomain, if set, admits only the members of this organisation: the hd of
	// a token must be equal to it. "*" admits the members of any organisation, and
	// no personal accounts. In a sign-in by redirect the provider is asked for such
	// an account as well.
	HostedDomain string

	// Match are further claims that a token must have.
	Match []oidc.ClaimMatch

	// Algorithms are the accepted signature algorithms. Empty means those of the
	// discovery document that package jws has.
	Algorithms []jws.Algorithm

	// IgnoreKeyHints takes tokens whose header says where a key is (jku, x5u, x5c).
	// What it says is never followed; keys come from the key set alone.
	IgnoreKeyHints bool

	// Skew is by how much the provider's clock may differ, at most 5 minutes. 0: an
	// expired token is refused at once, and one of the future from 60 seconds on.
	Skew time.Duration

	// MaxIDToken bounds an ID token in bytes, 16 KiB if 0 and at most 256 KiB.
	MaxIDToken int

	// MaxAnswer bounds what the token and userinfo endpoints answer, in bytes: 64 KiB
	// if 0, or as much as MaxIDToken needs, and at most 1 MiB.
	MaxAnswer int

	// MaxSignOutURL bounds the address at which people sign out at the provider, in bytes.
	// A longer one goes without the ID token as a hint; the provider may then ask the
	// person. 0: no bound but that of the hint itself, 6 KiB.
	MaxSignOutURL int

	// StaleIfError is for how long keys and the discovery document may be used beyond
	// their age while the provider does not answer. 0: not at all, so that a withdrawn key
	// stops working then.
	StaleIfError time.Duration

	// InsecureNoNonce takes ID tokens without a nonce in the code flow, for providers
	// that do not return it. State and PKCE then tie the answer to the browser alone. A
	// nonce that is there is judged all the same, and FedCM needs one always.
	InsecureNoNonce bool

	// InsecureNoPKCE leaves PKCE out, for providers that refuse requests with it. It
	// needs a client that authenticates itself.
	InsecureNoPKCE bool

	// JWKSURL is where the provider publishes its keys. Empty means the jwks_uri of
	// its discovery document. Unused if Keys is set.
	JWKSURL string

	// Keys gives the provider's keys. Nil means that they are fetched and kept as
	// long as the provider's caching headers say.
	Keys jwks.KeySource

	// ConfigURL is the provider's FedCM config file, named exactly as its
	// well-known file names it. Empty means that the provider has no FedCM: people
	// sign in with it by redirect, even those who press the button of signin.js.
	ConfigURL string

	// CredentialPost opens a door for a button of the provider's own script that posts an
	// ID token to the site: signin/credential/NAME, as Google Identity Services does
	// (data-login_uri). The nonce of the page is CredentialNonce. It needs an https Origin.
	CredentialPost bool

	// TopLevelNonce sends the nonce both inside params, where it belongs, and
	// beside it, where providers made for older browsers look. Chromium logs a
	// deprecation then.
	TopLevelNonce bool
}

// Values of Provider.Userinfo.
const (
	UserinfoAlways = "always"
	UserinfoNever  = "never"
)
