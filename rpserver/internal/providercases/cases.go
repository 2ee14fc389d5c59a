// Package providercases is one table of what real providers do otherwise than OpenID
// Connect says or than most do, with the refusal where nothing is set and the setting
// that changes it. The tests of rpserver go through it, and docs/providers.md is written
// from it; docs/guide-relying-party.md is the same for a provider's guide.
package providercases

//go:generate go run ./gen

import (
	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// Row is a line of the table.
type Row struct {
	What    string // what the provider does
	Who     string // which providers do; "" is nobody in particular
	Code    string // of the refusal without the setting, "" if it works without
	Setting string // of rpserver.Provider that changes it, which the log names; "" if none is needed
	Test    string // "package TestName"
}

// Case is a row that is one switch of idptest and one setting.
type Case struct {
	Row
	Quirks idptest.Quirks
	Set    func(*rpserver.Provider)
}

// casesTest goes through a list of cases.
const casesTest = "rpserver TestProvidersAsTheyAre"

// Providers are what concerns sign-in, tokens and endpoints.
var Providers = []Case{
	{Row: Row{What: "the standard"}},
	{
		Row:    Row{What: "the secret in the body alone", Who: "Apple, Twitch"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PostOnly: true}},
	},
	{
		Row:    Row{What: "methods that are not listed"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthMethods: true}},
	},
	{
		Row:    Row{What: "the secret in the body alone, and no list that says so", Who: "LinkedIn", Code: "client_refused", Setting: "TokenAuth"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PostOnly: true, NoAuthMethods: true}},
		Set:    func(p *rpserver.Provider) { p.TokenAuth = "client_secret_post" },
	},
	{
		Row:    Row{What: "other audiences", Who: "Zitadel", Code: "aud_untrusted", Setting: "TrustedAudiences"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{ExtraAudiences: []string{"project", "app"}}},
		Set:    func(p *rpserver.Provider) { p.TrustedAudiences = []string{"project", "app"} },
	},
	{
		Row:    Row{What: "given to another client", Who: "Google from Android and iOS", Code: "azp_mismatch", Setting: "AuthorizedParties"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{AuthorizedParty: "the-app"}},
		Set:    func(p *rpserver.Provider) { p.AuthorizedParties = []string{"the-app"} },
	},
	{
		Row:    Row{What: "no nonce", Who: "LinkedIn", Code: "nonce_missing", Setting: "InsecureNoNonce"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{NoNonce: true}},
		Set:    func(p *rpserver.Provider) { p.InsecureNoNonce = true },
	},
	{
		Row:    Row{What: "no PKCE", Who: "some plain OAuth servers"},
		Quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{NoPKCE: true}},
	},
	{
		Row:    Row{What: "PKCE refused", Who: "some plain OAuth servers", Code: "provider_invalid_request", Setting: "InsecureNoPKCE"},
		Quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{PKCERefused: true}},
		Set:    func(p *rpserver.Provider) { p.InsecureNoPKCE = true },
	},
	{
		Row:    Row{What: "a header that says where the key is", Who: "Cloud Foundry UAA, SAP XSUAA", Code: "header_forbidden", Setting: "IgnoreKeyHints"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{KeyHints: true}},
		Set:    func(p *rpserver.Provider) { p.IgnoreKeyHints = true },
	},
	{
		Row:    Row{What: "many groups", Who: "Entra ID, Keycloak", Code: "provider_answer_too_large", Setting: "MaxIDToken"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{Groups: 400}},
		Set:    func(p *rpserver.Provider) { p.MaxIDToken = 64 << 10 },
	},
	{
		Row:    Row{What: "name and address at userinfo alone", Who: "Okta, Authelia, oidc-provider, Zitadel"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{Thin: true}},
	},
	{
		Row:    Row{What: "claims that are null", Who: "providers that write every field"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{NullMembers: true}},
	},
	{
		Row:    Row{What: "typ in another form"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{Type: "application/jwt"}},
	},
	{
		Row:    Row{What: "no typ", Who: "Apple"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{NoType: true}},
	},
	{
		Row:    Row{What: "a name cut inside an emoji"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{LoneSurrogateName: true}},
	},
	{
		Row:    Row{What: "a NUL in a name"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{NULName: true}},
	},
	{
		Row:    Row{What: "email_verified as text", Who: "Apple, Amazon Cognito, Google's guide"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{EmailVerifiedText: true}},
	},
	{
		Row:    Row{What: "requests that must be pushed", Who: "FAPI 2.0 providers"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true}},
	},
	{
		Row:    Row{What: "members of odd types in the discovery document"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{OddMembers: true}},
	},
	{
		Row:    Row{What: "userinfo that takes the token in a POST's body alone"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{UserinfoBody: true}, Token: idptest.TokenQuirks{Thin: true}},
	},
	{
		Row:    Row{What: "no userinfo, no revocation, no sign-out", Who: "Google and Apple (no sign-out), Entra ID (no revocation)"},
		Quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoUserinfo: true, NoRevocation: true, NoEndSession: true}},
	},
	{
		Row:    Row{What: "token_type in lower case, lifetimes as text", Who: "GitHub, PayPal, older Entra ID"},
		Quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{TokenType: "bearer", ExpiresInText: true, NullMembers: true}},
	},
	{
		Row:    Row{What: "a semicolon in the answer", Who: "Keycloak, ADFS (session_state)"},
		Quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{SemicolonInQuery: true}},
	},
}

// Keys are what concerns key sets. Key material comes from the issuer over TLS and is
// read as the numbers that it means.
var Keys = []Case{
	{
		Row:    Row{What: "numbers with a sign byte", Who: "Cloud Foundry UAA"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{SignedNumbers: true}},
	},
	{
		Row:    Row{What: "padded base64", Who: "providers that write their own key set"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{Padded: true}},
	},
	{
		Row:    Row{What: "null members of keys", Who: "providers that write every field"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{NullMembers: true}},
	},
	{
		Row:    Row{What: "each key twice", Who: "sets put together from several"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{Twice: true}},
	},
	{
		Row:    Row{What: "two keys of one kid", Who: "providers that number their keys"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{TwoWithOneKID: true}},
	},
	{
		Row:    Row{What: "one bad key"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{BadEntry: true}},
	},
	{
		Row:    Row{What: "300 keys", Who: "keys of many tenants in one set"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{More: 300}},
	},
	{
		Row: Row{What: "keys of every algorithm", Who: "Keycloak"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{
			Algorithms: []jws.Algorithm{jws.RS384, jws.PS512, jws.ES512, jws.EdDSA}}},
	},
	{
		Row:    Row{What: "no alg in the key set", Who: "Entra ID"},
		Quirks: idptest.Quirks{Keys: idptest.KeyQuirks{NoAlgorithm: true}},
	},
	{
		Row:    Row{What: "no kid in the token, and one key", Who: "providers with one key"},
		Quirks: idptest.Quirks{Token: idptest.TokenQuirks{NoKeyID: true}},
	},
}
