package idptest_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

var ada = idptest.Person{Subject: "ada", Name: "Ada Lovelace"}

func TestKeysRotateAndAreWithdrawn(t *testing.T) {
	idp := idptest.New(t)
	c := newPlain(t, idp)
	old := idp.Token(ada, "n", nil)
	if err := idp.RotateKeys(); err != nil {
		t.Fatal(err)
	}
	now := idp.Token(ada, "n", nil)
	set := c.get(idptest.JWKS)
	if !verifies(t, old, "key-1", set) || !verifies(t, now, "key-2", set) || verifies(t, now, "key-1", set) {
		t.Error("after a rotation both keys are published, and the new one signs")
	}
	idp.WithdrawKeys()
	set = c.get(idptest.JWKS)
	if verifies(t, old, nil, set) || !verifies(t, now, "key-2", set) {
		t.Error("after the withdrawal only the new key is published")
	}
	if err := idp.RotateKeys("HS256"); err == nil {
		t.Error("a key for HS256 was made")
	}
}

// The algorithms are held against the kit's reader where it has them, and against
// themselves at the end-session endpoint.
func TestEveryAlgorithmSigns(t *testing.T) {
	for _, a := range []jws.Algorithm{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"} {
		t.Run(string(a), func(t *testing.T) {
			idp := idptest.New(t, idptest.WithAlgorithm(a))
			c := newPlain(t, idp)
			token := idp.Token(ada, "n", nil)
			if header, _, _ := parts(t, token); header["alg"] != string(a) {
				t.Errorf("header: %v", header)
			}
			if r := c.do("GET", idp.URL(idptest.EndSession)+"?id_token_hint="+token, nil, nil); r.status != 200 {
				t.Errorf("as a hint: %d %s", r.status, r.body)
			}
			if set := c.get(idptest.JWKS); string(a) == "RS256" || string(a) == "PS256" || string(a) == "ES256" || string(a) == "ES384" || string(a) == "EdDSA" {
				keys, err := jws.ParseKeySet(set.body)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := jws.Verify(token, keys, jws.Policy{Types: []string{"JWT"}}); err != nil {
					t.Error(err)
				}
			}
			if got := as(c.get(idptest.Discovery).json(t), "id_token_signing_alg_values_supported"); !strings.Contains(got, string(a)) {
				t.Errorf("discovery: %s", got)
			}
		})
	}
}

func TestNoTwoProvidersThatLiveHaveOneKey(t *testing.T) {
	idp, other := idptest.New(t), idptest.New(t)
	if verifies(t, idp.Token(ada, "", nil), nil, newPlain(t, other).get(idptest.JWKS)) {
		t.Error("a token of one provider is good at the other")
	}
}

func TestATokenByHandIsAsTheTestWantsIt(t *testing.T) {
	idp := idptest.New(t)
	token := idp.Token(ada, "n", func(header, claims map[string]any) {
		header["typ"] = "x"
		delete(claims, "sub")
		claims["more"] = []int{1}
	})
	header, claims, _ := parts(t, token)
	if header["typ"] != "x" || claims["sub"] != nil || claims["more"] == nil || claims["aud"] != idp.ClientID || claims["nonce"] != "n" {
		t.Errorf("%v %v", header, claims)
	}
}

func TestFaultsComeAndGo(t *testing.T) {
	idp := idptest.New(t)
	c := newPlain(t, idp)
	idp.Fails(idptest.Discovery, idptest.Fault{Status: 429, RetryAfter: "7", Times: 2})
	for i, want := range []int{429, 429, 200} {
		a := c.get(idptest.Discovery)
		if a.status != want || (a.header.Get("Retry-After") == "7") != (want == 429) {
			t.Errorf("request %d: %d %v", i+1, a.status, a.header)
		}
	}
	idp.Fails(idptest.JWKS, idptest.Fault{HTML: true})
	if a := c.get(idptest.JWKS); a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("a page: %d %v", a.status, a.header)
	}
	idp.Fails(idptest.JWKS, idptest.Fault{Redirect: "https://another.example/keys"})
	if a := c.get(idptest.JWKS); a.status != 302 || a.header.Get("Location") != "https://another.example/keys" {
		t.Errorf("a redirect: %d %v", a.status, a.header)
	}
	idp.Fails(idptest.JWKS, idptest.Fault{Slow: time.Millisecond})
	if a := c.get(idptest.JWKS); a.status != 200 {
		t.Errorf("slow: %d", a.status)
	}
	idp.Fails(idptest.JWKS, idptest.Fault{})
	if a := c.get(idptest.JWKS); a.status != 200 {
		t.Errorf("repaired: %d", a.status)
	}
}

// A client that waits for a provider that hangs gets away by its own context, and the
// end of the test takes everybody along.
func TestAProviderThatHangsLetsGoAtTheEnd(t *testing.T) {
	var wait sync.WaitGroup
	t.Run("a test", func(t *testing.T) {
		idp := idptest.New(t)
		idp.Fails(idptest.Token, idptest.Fault{Hang: true})
		ctx, cancel := context.WithCancel(context.Background())
		hung := make(chan error, 2)
		ask := func(ctx context.Context) {
			defer wait.Done()
			r, err := http.NewRequestWithContext(ctx, "POST", idp.URL(idptest.Token), nil)
			if err == nil {
				_, err = http.DefaultTransport.RoundTrip(r)
			}
			hung <- err
		}
		wait.Add(2)
		go ask(ctx)
		idp.Await(idptest.Token, 1)
		if a := newPlain(t, idp).get(idptest.JWKS); a.status != 200 {
			t.Errorf("another endpoint: %d", a.status)
		}
		cancel()
		if err := <-hung; !errors.Is(err, context.Canceled) {
			t.Errorf("it left with %v", err)
		}
		go ask(context.Background())
		idp.Await(idptest.Token, 2)
	})
	wait.Wait() // or the test would never end
}

func TestTheClockIsTheTests(t *testing.T) {
	idp := idptest.New(t, idptest.WithClock(wireTime))
	idp.Advance(time.Hour)
	if !idp.Now().Equal(wireTime.Add(time.Hour)) {
		t.Errorf("now: %v", idp.Now())
	}
	_, claims, _ := parts(t, idp.Token(ada, "", nil))
	if as(claims, "iat") != `"1900003600"` {
		t.Errorf("iat: %v", claims["iat"])
	}
	real := idptest.New(t)
	before := real.Now()
	real.Advance(24 * time.Hour)
	if real.Now().Before(before.Add(24 * time.Hour)) {
		t.Error("a running clock does not move")
	}
}
