package rpserver_test

import (
	"context"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/rpserver"
)

const ada = "ada"

type settings = func(*rpserver.Provider)

// asTheyAre are providers as they are: what one does otherwise, the code of the refusal
// where nothing is set (empty: it works so), what the log says the setting is, and the
// setting.
var asTheyAre = []struct {
	name    string
	quirks  idptest.Quirks
	code    string // of the refusal without the setting, "" if there is none
	setting string // that the log names
	set     settings
}{
	{name: "the standard", quirks: idptest.Quirks{}},
	{name: "the secret in the body alone", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PostOnly: true}}},
	{name: "methods that are not listed", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthMethods: true}}},
	{
		name: "other audiences", quirks: idptest.Quirks{Token: idptest.TokenQuirks{ExtraAudiences: []string{"project", "app"}}},
		code: "aud_untrusted", setting: "TrustedAudiences",
		set: func(p *rpserver.Provider) { p.TrustedAudiences = []string{"project", "app"} },
	},
	{
		name: "given to another client", quirks: idptest.Quirks{Token: idptest.TokenQuirks{AuthorizedParty: "the-app"}},
		code: "azp_mismatch", setting: "AuthorizedParties",
		set: func(p *rpserver.Provider) { p.AuthorizedParties = []string{"the-app"} },
	},
	{
		name: "no nonce", quirks: idptest.Quirks{Token: idptest.TokenQuirks{NoNonce: true}},
		code: "nonce_missing", setting: "InsecureNoNonce",
		set: func(p *rpserver.Provider) { p.InsecureNoNonce = true },
	},
	{name: "no PKCE", quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{NoPKCE: true}}},
	{
		name: "PKCE refused", quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{PKCERefused: true}},
		code: "provider_invalid_request", setting: "InsecureNoPKCE",
		set: func(p *rpserver.Provider) { p.InsecureNoPKCE = true },
	},
	{
		name: "a header that says where the key is", quirks: idptest.Quirks{Token: idptest.TokenQuirks{KeyHints: true}},
		code: "header_forbidden", setting: "IgnoreKeyHints",
		set: func(p *rpserver.Provider) { p.IgnoreKeyHints = true },
	},
	{
		name: "many groups", quirks: idptest.Quirks{Token: idptest.TokenQuirks{Groups: 400}},
		code: "provider_answer_too_large", setting: "MaxIDToken",
		set: func(p *rpserver.Provider) { p.MaxIDToken = 64 << 10 },
	},
	{name: "requests that must be pushed", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true}}},
	{
		name: "pushed requests, PKCE refused", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true}, Answers: idptest.AnswerQuirks{PKCERefused: true}},
		code: "request_refused", setting: "InsecureNoPKCE",
		set: func(p *rpserver.Provider) { p.InsecureNoPKCE = true },
	},
	{name: "members of odd types in the discovery document", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{OddMembers: true}}},
	{name: "no userinfo, no revocation, no sign-out", quirks: idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoUserinfo: true, NoRevocation: true, NoEndSession: true}}},
	{name: "token_type in lower case, lifetimes as text", quirks: idptest.Quirks{Answers: idptest.AnswerQuirks{TokenType: "bearer", ExpiresInText: true, NullMembers: true}}},
	{name: "numbers with a sign byte", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{SignedNumbers: true}}},
	{name: "padded base64", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{Padded: true}}},
	{name: "null members of keys", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{NullMembers: true}}},
	{name: "each key twice", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{Twice: true}}},
	{name: "two keys of one kid", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{TwoWithOneKID: true}}},
	{name: "one bad key", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{BadEntry: true}}},
	{name: "300 keys", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{More: 300}}},
	{name: "keys of every algorithm", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{
		Algorithms: []jws.Algorithm{jws.RS384, jws.PS512, jws.ES512, jws.EdDSA}}}},
	{name: "no alg in the key set", quirks: idptest.Quirks{Keys: idptest.KeyQuirks{NoAlgorithm: true}}},
}

func TestProvidersAsTheyAre(t *testing.T) {
	for _, c := range asTheyAre {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t, idptest.WithQuirks(c.quirks), idptest.WithPerson(idptest.Person{Subject: ada, Name: "Ada"}))
			plain := newAway(t, idp, nil)
			if c.code == "" {
				plain.as(ada)
				return
			}
			plain.refused(c.code)
			plain.logged(c.setting)
			newAway(t, idp, c.set).as(ada)
		})
	}
}

func TestAProviderWithADiscoveryDocumentElsewhere(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{DiscoveryElsewhere: true}}))
	newAway(t, idp, nil).refused("provider_unreachable")
	elsewhere := func(p *rpserver.Provider) { p.DiscoveryURL = idp.DiscoveryURL() }
	newAway(t, idp, elsewhere).as(ada)
	// Wherever it is, it must be of the issuer that was configured.
	idp.Quirk(func(q *idptest.Quirks) { q.Endpoints.WrongIssuer = true })
	a := newAway(t, idp, elsewhere)
	a.refused("provider_unreachable")
	a.logged("discovery_issuer")
}

func TestAProviderOfManyTenants(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{Tenant: "contoso", DiscoveryElsewhere: true}}))
	tenants := func(list ...string) settings {
		return func(p *rpserver.Provider) {
			p.Issuer, p.DiscoveryURL, p.Tenants = idp.Template(), idp.DiscoveryURL(), list
		}
	}
	a := newAway(t, idp, tenants("fabrikam"))
	a.refused("iss_mismatch")
	a.logged("Tenants", "contoso")
	newAway(t, idp, tenants("fabrikam", "contoso")).as(ada)
}

func TestAClientWithAKeyOfItsOwn(t *testing.T) {
	key, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	set, err := jose.PublicSet(key)
	if err != nil {
		t.Fatal(err)
	}
	idp := idptest.New(t, idptest.WithClient(idptest.Client{ID: "shop", Keys: set, AuthMethod: "private_key_jwt"}),
		idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{PrivateKeyJWT: true, PARRequired: true}}))
	a := newAway(t, idp, func(p *rpserver.Provider) { p.ClientSecret = "a secret" })
	a.refused("client_auth_unsupported")
	a.logged("TokenAuth")
	newAway(t, idp, func(p *rpserver.Provider) { p.ClientSecret, p.ClientKey = "", key.Signer() }).as(ada)
}

func TestASecretThatIsMadeAnew(t *testing.T) {
	idp := idptest.New(t)
	made := 0
	newAway(t, idp, func(p *rpserver.Provider) {
		secret := p.ClientSecret
		p.ClientSecret, p.ClientSecretFunc = "", func(context.Context) (string, error) { made++; return secret, nil }
	}).as(ada)
	if made != 1 {
		t.Errorf("made %d times for one request", made)
	}
}

func TestAClockThatDiffers(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(time.Now()))
	late := func(c *rpserver.Config) { c.Now = func() time.Time { return idp.Now().Add(-90 * time.Second) } }
	a := newAway(t, idp, nil, late)
	a.refused("iat_future")
	a.logged("Skew")
	newAway(t, idp, func(p *rpserver.Provider) { p.Skew = 2 * time.Minute }, late).as(ada)
}

// A wrong secret is the site's fault, and not the person's.
func TestAWrongSecretIsNotThePersonsFault(t *testing.T) {
	idp := idptest.New(t)
	a := newAway(t, idp, func(p *rpserver.Provider) { p.ClientSecret = "wrong" })
	p := a.refused("client_refused")
	if p.status != 502 {
		t.Errorf("status %d", p.status)
	}
	a.logged("invalid_client", "ClientSecret")
}
