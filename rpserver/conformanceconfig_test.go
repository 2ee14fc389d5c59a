package rpserver_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
)

// keptKeys sets the keys of now for good, which is what a relying party does that never
// asks again.
func keptKeys(t *testing.T, idp *idptest.Provider) func(*rpserver.Provider) {
	keys := keysOf(t, idp)
	return func(p *rpserver.Provider) { p.Keys = jwks.Fixed(keys) }
}

func TestConformanceConfig(t *testing.T) {
	planned(t, map[string]func(*testing.T){
		"oidcc-client-test-discovery-openid-config": func(t *testing.T) {
			idp := idptest.New(t)
			newAway(t, idp, nil).as(ada)
			if n := idp.Count(idptest.Discovery); n != 1 {
				t.Errorf("the configuration was asked for %d times", n)
			}
			idp.Fails(idptest.Discovery, idptest.Fault{Status: http.StatusNotFound})
			newAway(t, idp, nil).refused("provider_unreachable") // nothing is known of it otherwise
		},
		"oidcc-client-test-discovery-jwks-uri-keys": func(t *testing.T) {
			idp := idptest.New(t)
			w := &wire{t: t, keysAt: "/keys-of-this-run-4711"} // the suite's is another in each run
			newAway(t, idp, nil, w.client).as(ada)
			if w.keysGot != 1 || idp.Count(idptest.JWKS) != 1 {
				t.Errorf("the keys were fetched %d times from there, %d times altogether", w.keysGot, idp.Count(idptest.JWKS))
			}
		},
		"oidcc-client-test-discovery-issuer-mismatch": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{WrongIssuer: true}}))
			a := newAway(t, idp, nil)
			a.refused("provider_unreachable")
			a.logged("discovery_issuer")
			if n := idp.Count(idptest.Authorization); n != 0 {
				t.Error("the person was sent to an endpoint of that document")
			}
			// The document is good for a relying party of the issuer that it names.
			res, err := http.Get(idp.URL(idptest.Discovery))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := oidc.ParseDiscovery(body, "https://another.example"); err != nil {
				t.Errorf("the control refuses the document too: %v", err)
			}
		},
		"oidcc-client-test-idtoken-sig-none": unsigned,
		"oidcc-client-test-signing-key-rotation-just-before-signing": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithClock(time.Now()))
			old := keptKeys(t, idp)
			rotate := false
			w := &wire{t: t, before: func(e idptest.Endpoint) {
				if e == idptest.Token && rotate {
					if err := idp.RotateKeys(); err != nil {
						t.Error(err)
					}
					idp.WithdrawKeys()
				}
			}}
			a := newAway(t, idp, nil, w.client)
			a.as(ada) // with the keys of before, which are good for five minutes
			had := idp.Count(idptest.JWKS)
			idp.Advance(time.Minute)
			rotate = true
			a.as(ada)
			rotate = false
			if n := idp.Count(idptest.JWKS) - had; n != 1 {
				t.Errorf("the keys were fetched %d times more", n)
			}
			newAway(t, idp, old).refused("key_unknown")
		},
		"oidcc-client-test-signing-key-rotation": func(t *testing.T) {
			idp := idptest.New(t, idptest.WithClock(time.Now()))
			old := keptKeys(t, idp)
			a := newAway(t, idp, nil)
			a.as(ada)
			had := idp.Count(idptest.JWKS)
			idp.Advance(time.Minute)
			if err := idp.RotateKeys(); err != nil {
				t.Fatal(err)
			}
			a.as(ada)
			if n := idp.Count(idptest.JWKS) - had; n != 1 {
				t.Errorf("the keys were fetched %d times more", n)
			}
			newAway(t, idp, old).refused("key_unknown")
		},
	}, 6)
}
