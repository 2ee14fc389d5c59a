package rpserver_test

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

func goodConfig() rpserver.Config {
	store := &rpmem.Store{}
	return rpserver.Config{
		Origin: "https://shop.example",
		Providers: []rpserver.Provider{{
			ConfigURL: "https://idp.example/fedcm.json", Issuer: "https://idp.example", ClientID: clientID,
		}},
		Users: store, Nonces: store, SignIns: store,
	}
}

func TestNewExplainsWhatIsWrongWithTheConfig(t *testing.T) {
	if _, err := rpserver.New(goodConfig()); err != nil {
		t.Fatal(err)
	}
	type config = rpserver.Config
	for _, c := range []struct {
		name   string
		change func(*config)
		want   string
	}{
		{"no origin", func(c *config) { c.Origin = "" }, "Origin"},
		{"origin with a slash", func(c *config) { c.Origin = "https://shop.example/" }, "nothing after it"},
		{"origin with a path", func(c *config) { c.Origin = "https://shop.example/x" }, "nothing after it"},
		{"origin with a query", func(c *config) { c.Origin = "https://shop.example?x" }, "nothing after it"},
		{"origin with an empty fragment", func(c *config) { c.Origin = "https://shop.example#" }, "nothing after it"},
		{"origin with a user", func(c *config) { c.Origin = "https://a@shop.example" }, "nothing after it"},
		{"origin in capitals", func(c *config) { c.Origin = "https://Shop.example" }, "lower case"},
		{"origin with its default port", func(c *config) { c.Origin = "https://shop.example:443" }, "default port"},
		{"origin without a scheme", func(c *config) { c.Origin = "shop.example" }, "https://"},
		{"origin by http", func(c *config) { c.Origin = "http://shop.example" }, "https://"},
		{"origin by http on a host that only looks local", func(c *config) { c.Origin = "http://localhost.example" }, "https://"},
		{"origin by another scheme", func(c *config) { c.Origin = "ftp://shop.example" }, "https://"},
		{"no providers", func(c *config) { c.Providers = nil }, "Providers"},
		{"no users", func(c *config) { c.Users = nil }, "Users"},
		{"no nonces", func(c *config) { c.Nonces = nil }, "Nonces"},
		{"an endless nonce", func(c *config) { c.NonceLifetime = 2 * time.Hour }, "NonceLifetime"},
		{"a nonce of the past", func(c *config) { c.NonceLifetime = -1 }, "NonceLifetime"},
		{"an empty secret", func(c *config) { c.Secrets = [][]byte{nil} }, "Secrets[0]"},
		{"a short secret", func(c *config) { c.Secrets = [][]byte{make([]byte, 32), []byte("correct horse battery staple 31")} }, "Secrets[1] has 31 bytes"},
		{"a config URL that is none", func(c *config) { c.Providers[0].ConfigURL = "/fedcm.json" }, "ConfigURL"},
		{"a config URL by http", func(c *config) { c.Providers[0].ConfigURL = "http://idp.example/x" }, "ConfigURL"},
		{"no issuer", func(c *config) { c.Providers[0].Issuer = "" }, "Issuer"},
		{"an issuer by http", func(c *config) { c.Providers[0].Issuer = "http://idp.example" }, "Issuer"},
		{"an issuer with a query", func(c *config) { c.Providers[0].Issuer = "https://idp.example?x=1" }, "query"},
		{"a parameter that the request has", func(c *config) { c.Providers[0].Params = []oidc.Param{{Name: "state", Value: "1"}} }, "Params"},
		{"a parameter that a setting sends", func(c *config) {
			c.Providers[0].Offline, c.Providers[0].Params = true, []oidc.Param{{Name: "access_type", Value: "online"}}
		}, "Params"},
		{"no client id, no FedCM", func(c *config) { c.Providers[0].ClientID, c.Providers[0].ConfigURL = "", "" }, "https://idp.example"},
		{"no client id", func(c *config) { c.Providers[0].ClientID = "" }, "ClientID"},
		{"keys by http", func(c *config) { c.Providers[0].JWKSURL = "http://idp.example/keys" }, "JWKSURL"},
		{"a client and addresses for another", func(c *config) {
			c.Client, c.PrivateAddresses = http.DefaultClient, []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
		}, "PrivateAddresses"},
		{"no sign-ins", func(c *config) { c.SignIns = nil }, "SignIns"},
		{"a sign-in of less than no time", func(c *config) { c.SignInLifetime = -1 }, "SignInLifetime"},
		{"a prefix without a slash", func(c *config) { c.Prefix = "auth" }, "Prefix"},
		{"a prefix with a slash behind it", func(c *config) { c.Prefix = "/auth/" }, "Prefix"},
		{"a name that is a path", func(c *config) { c.Providers[0].Name = "a/b" }, "Name"},
		{"a name twice", func(c *config) {
			c.Providers[0].Name = "idp"
			c.Providers = append(c.Providers, c.Providers[0])
			c.Providers[1].ConfigURL = ""
		}, "appears twice"},
		{"a provider twice", func(c *config) { c.Providers = append(c.Providers, c.Providers[0]) }, "twice"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := goodConfig()
			c.change(&bad)
			if _, err := rpserver.New(bad); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
		})
	}
}

func TestOneStoreIsEnoughAndWhatIsSetBesidesComesFirst(t *testing.T) {
	c := goodConfig()
	c.Users, c.Nonces, c.Store = nil, nil, new(rpmem.Store)
	if _, err := rpserver.New(c); err != nil {
		t.Error(err)
	}
	mine := &countingStore{Store: new(rpmem.Store)}
	s := newSite(t, func(c *rpserver.Config) {
		c.Users, c.Nonces, c.SessionStore, c.Store = nil, nil, nil, mine
	})
	b := s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 || mine.created() != [2]int{1, 1} {
		t.Errorf("%d %s; created %v", a.status, a.body, mine.created())
	}
	s = newSite(t, func(c *rpserver.Config) { c.Store = brokenStore{} })
	b = s.browser(t)
	if a := b.send(b.token(b.nonce())); a.status != 200 || s.store.created() != [2]int{1, 1} {
		t.Errorf("%d %s; created %v", a.status, a.body, s.store.created())
	}
}

// brokenStore is one that must not be asked.
type brokenStore struct{ rpserver.Store }

func TestOriginsOfThisMachineMayBeHTTP(t *testing.T) {
	for _, origin := range []string{"http://localhost:8080", "http://shop.localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"} {
		c := goodConfig()
		c.Origin = origin
		if _, err := rpserver.New(c); err != nil {
			t.Error(err)
		}
	}
}

func TestConnectSrcNamesTheProvidersOrigins(t *testing.T) {
	c := goodConfig()
	for _, u := range []string{"", "", "https://idp.example/other.json", "https://login.example:8443/a/b.json"} {
		p := c.Providers[0]
		p.ConfigURL = u
		c.Providers = append(c.Providers, p)
	}
	rp, err := rpserver.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := rp.ConnectSrc(), []string{"https://idp.example", "https://login.example:8443"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
