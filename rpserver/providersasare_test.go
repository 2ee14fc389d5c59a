package rpserver_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/internal/providercases"
)

const ada = "ada"

type settings = func(*rpserver.Provider)

func TestProvidersAsTheyAre(t *testing.T) {
	for _, c := range slices.Concat(providercases.Providers, providercases.Keys) {
		t.Run(c.What, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t, idptest.WithQuirks(c.Quirks), idptest.WithPerson(idptest.Person{Subject: ada, Name: "Ada"}))
			plain := newAway(t, idp, nil)
			if c.Code == "" {
				plain.as(ada)
				return
			}
			plain.refused(c.Code)
			plain.logged(c.Setting)
			newAway(t, idp, c.Set).as(ada)
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
