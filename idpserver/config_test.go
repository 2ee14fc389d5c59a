package idpserver_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/jose"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func TestNewRefusesWhatCannotWork(t *testing.T) {
	ed, err := jose.ParsePrivateJWK([]byte(`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`))
	if err != nil {
		t.Fatal(err)
	}
	publicEd, err := ed.PublicJWK()
	if err != nil {
		t.Fatal(err)
	}
	es, err := jose.GenerateES256()
	if err != nil {
		t.Fatal(err)
	}
	privateES256, err := es.PrivateJWK()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(*idpserver.Config)
		says   string
	}{
		"no issuer":             {func(c *idpserver.Config) { c.Issuer = "" }, "Issuer"},
		"no word of proxies":    {func(c *idpserver.Config) { c.Issuer, c.DirectConnections = "https://idp.example", false }, "TrustedProxies"},
		"http elsewhere":        {func(c *idpserver.Config) { c.Issuer = "http://idp.example" }, "https"},
		"a loopback look-alike": {func(c *idpserver.Config) { c.Issuer = "http://localhost.evil.example" }, "https"},
		"a path":                {func(c *idpserver.Config) { c.Issuer = "https://idp.example/" }, "origin"},
		"capitals":              {func(c *idpserver.Config) { c.Issuer = "https://IdP.example" }, "lower case"},
		"the default port":      {func(c *idpserver.Config) { c.Issuer = "https://idp.example:443" }, "default port"},
		"no store":              {func(c *idpserver.Config) { c.Store = nil }, "Store"},
		"no clients":            {func(c *idpserver.Config) { c.Clients = nil }, "Clients"},
		"no mailer":             {func(c *idpserver.Config) { c.Mailer = nil }, "Mailer"},
		"no keys":               {func(c *idpserver.Config) { c.Keys = nil }, "Keys"},
		"a nil key":             {func(c *idpserver.Config) { c.Keys = []idpserver.Key{{}} }, "Keys[0] has a PublicJWK that is not JSON"},
		"no RS256 key":          {func(c *idpserver.Config) { c.Keys = c.Keys[1:] }, "RS256"},
		"keys that do not sign": {func(c *idpserver.Config) { c.Keys[0].Signer = nil }, "RS256 key that signs"},
		"a key twice":           {func(c *idpserver.Config) { c.Keys = append(c.Keys, rsKey) }, "Keys[2] has the key id of an earlier key"},
		"another's PublicJWK":   {func(c *idpserver.Config) { c.Keys[0].PublicJWK = newKey(jws.RS256).PublicJWK }, "Keys[0] signs what its PublicJWK does not verify"},
		"a private PublicJWK":   {func(c *idpserver.Config) { c.Keys[1] = idpserver.Key{PublicJWK: privateES256} }, "Keys[1] has a PublicJWK that cannot be read"},
		"a key of another kind": {func(c *idpserver.Config) {
			c.Keys = append(c.Keys, idpserver.Key{Signer: ed.Signer(), PublicJWK: publicEd})
		}, "EdDSA"},
		"a domain in capitals":  {func(c *idpserver.Config) { c.Domains = []string{"Corp.example"} }, "lower case"},
		"tokens that live long": {func(c *idpserver.Config) { c.TokenLifetime = time.Hour }, "TokenLifetime"},
		"idle in the past":      {func(c *idpserver.Config) { c.SessionIdle = -1 }, "negative"},
		"a short secret":        {func(c *idpserver.Config) { c.Secrets = [][]byte{secretA, secretB[1:]} }, "idpserver: field Secrets[1] has 31 bytes"},
		"sessions of the past":  {func(c *idpserver.Config) { c.SessionLifetime = -1 }, "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			conf := idpserver.Config{
				Issuer: loopback, Store: newIdP(t).store, Keys: []idpserver.Key{rsKey, esKey},
				Mailer: idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return nil }),
			}
			if conf.Clients, err = directory.StaticClients(clients...); err != nil {
				t.Fatal(err)
			}
			if _, err := idpserver.New(conf); err != nil {
				t.Fatalf("the unchanged config is refused: %v", err)
			}
			c.change(&conf)
			if _, err := idpserver.New(conf); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v, want one that says %q", err, c.says)
			}
		})
	}
}

func TestStaticClientsRefusesWhatCannotWork(t *testing.T) {
	good := directory.Client{ID: "a", Name: "A", Origins: []string{"https://a.example"}}
	for name, change := range map[string]func(*directory.Client){
		"no id":                  func(c *directory.Client) { c.ID = "" },
		"a space in the id":      func(c *directory.Client) { c.ID = "a b" },
		"no name":                func(c *directory.Client) { c.Name = "" },
		"no origin":              func(c *directory.Client) { c.Origins = nil },
		"an origin with a path":  func(c *directory.Client) { c.Origins = []string{"https://a.example/"} },
		"an origin over http":    func(c *directory.Client) { c.Origins = []string{"http://a.example"} },
		"a wildcard":             func(c *directory.Client) { c.Origins = []string{"*"} },
		"null":                   func(c *directory.Client) { c.Origins = []string{"null"} },
		"a relative policy":      func(c *directory.Client) { c.PrivacyPolicyURL = "/privacy" },
		"a script for a policy":  func(c *directory.Client) { c.TermsOfServiceURL = "javascript:alert(1)" },
		"an algorithm like none": func(c *directory.Client) { c.IDTokenSignedResponseAlg = "none" },
	} {
		c := good
		change(&c)
		if _, err := directory.StaticClients(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := directory.StaticClients(good, good); err == nil {
		t.Error("the same id twice: accepted")
	}
	if _, err := directory.StaticClients(good); err != nil {
		t.Error(err)
	}
}

func TestOperatorsAccountsAreChecked(t *testing.T) {
	p := newIdP(t)
	for name, n := range map[string]idpserver.NewAccount{
		"no address":       {Name: "A"},
		"no name":          {Email: "a@home.example"},
		"two-line name":    {Email: "a@home.example", Name: "A\nB"},
		"two-line given":   {Email: "a@home.example", Name: "A", GivenName: "A\nB"},
		"endless password": {Email: "a@home.example", Name: "A", Password: strings.Repeat("p", 1025)},
	} {
		if _, err := p.CreateAccount(context.Background(), n); err == nil {
			t.Errorf("%s: created", name)
		}
	}
	p.create("a@home.example")
	if _, err := p.CreateAccount(context.Background(), idpserver.NewAccount{Email: "A@home.example", Name: "A"}); !errors.Is(err, directory.ErrEmailTaken) {
		t.Errorf("error = %v", err)
	}
	seen := map[string]bool{}
	for i := range 20 {
		a := p.create(fmt.Sprintf("b%d@home.example", i))
		if seen[a.ID] {
			t.Fatal("an id came twice")
		}
		seen[a.ID] = true
	}
}
