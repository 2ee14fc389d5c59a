package rpserver_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver"
)

func noSecret(context.Context) (string, error) { return "", nil }

// What cannot work is said when the site starts, by the name of the setting, and not to
// the first person who signs in.
func TestSettingsThatCannotWorkAreRefusedAtTheStart(t *testing.T) {
	type provider = rpserver.Provider
	key := testKeys().es256.Signer()
	for _, c := range []struct {
		name   string
		change settings
		want   string
	}{
		{"a discovery document by http", func(p *provider) { p.DiscoveryURL = "http://idp.example/config" }, "DiscoveryURL"},
		{"a discovery document that is no address", func(p *provider) { p.DiscoveryURL = "config" }, "DiscoveryURL"},

		{"a template and no tenants", func(p *provider) { p.Issuer = "https://idp.example/{tenantid}/v2" }, "Tenants"},
		{"tenants and no template", func(p *provider) { p.Tenants = []string{"a"} }, "{tenantid}"},
		{"a template of two places", func(p *provider) {
			p.Issuer, p.Tenants = "https://idp.example/{tenantid}/{tenantid}", []string{"a"}
		}, "{tenantid}"},
		{"tenants and aliases", func(p *provider) {
			p.Issuer, p.Tenants, p.IssuerAliases = "https://idp.example/{tenantid}", []string{"a"}, []string{"idp.example"}
		}, "IssuerAliases"},
		{"a tenant that is a path", func(p *provider) {
			p.Issuer, p.Tenants = "https://idp.example/{tenantid}", []string{"a", "b/../c"}
		}, "b/../c"},
		{"an empty tenant", func(p *provider) { p.Issuer, p.Tenants = "https://idp.example/{tenantid}", []string{""} }, "tenant"},

		{"two secrets", func(p *provider) { p.ClientSecret, p.ClientSecretFunc = "s", noSecret }, "ClientSecretFunc"},
		{"a secret and a key", func(p *provider) { p.ClientSecret, p.ClientKey = "s", key }, "ClientKey"},
		{"a secret that is made and a key", func(p *provider) { p.ClientSecretFunc, p.ClientKey = noSecret, key }, "ClientKey"},
		{"an audience of nothing", func(p *provider) { p.AssertionAudience = "https://idp.example/token" }, "AssertionAudience"},
		{"basic without a secret", func(p *provider) { p.TokenAuth = "client_secret_basic" }, "ClientSecret"},
		{"post without a secret", func(p *provider) { p.TokenAuth = "client_secret_post" }, "ClientSecret"},
		{"post with a key", func(p *provider) { p.TokenAuth, p.ClientKey = "client_secret_post", key }, "ClientSecret"},
		{"a signature without a key", func(p *provider) { p.TokenAuth, p.ClientSecret = "private_key_jwt", "s" }, "ClientKey"},
		{"nothing sent of a secret", func(p *provider) { p.TokenAuth, p.ClientSecret = "none", "s" }, "TokenAuth"},
		{"nothing sent of a key", func(p *provider) { p.TokenAuth, p.ClientKey = "none", key }, "TokenAuth"},
		{"a method that nobody has", func(p *provider) { p.TokenAuth, p.ClientSecret = "client_secret_jwt", "s" }, "client_secret_jwt"},
		{"a public client without PKCE", func(p *provider) { p.InsecureNoPKCE = true }, "InsecureNoPKCE"},

		{"an answer in the fragment", func(p *provider) { p.ResponseMode = "fragment" }, "fragment"},
		{"userinfo sometimes", func(p *provider) { p.Userinfo = "sometimes" }, "sometimes"},
		{"a claim without a name", func(p *provider) { p.Match = []oidc.ClaimMatch{{Values: []string{"a"}}} }, "Match"},
		{"a claim without values", func(p *provider) { p.Match = []oidc.ClaimMatch{{Name: "a"}} }, "Match"},
		{"an empty scope", func(p *provider) { p.Scopes = []string{""} }, "Scopes"},
		{"two scopes in one", func(p *provider) { p.Scopes = []string{"profile email"} }, "Scopes"},
		{"more scopes in one", func(p *provider) { p.MoreScopes = []string{"calendar files"} }, "MoreScopes"},
		{"a parameter of this package", func(p *provider) { p.Params = []oidc.Param{{Name: "redirect_uri", Value: "https://evil.example/"}} }, "Params"},
		{"a parameter with a setting of its own", func(p *provider) { p.Params = []oidc.Param{{Name: "prompt", Value: "login"}} }, "Params"},

		{"a clock of the past", func(p *provider) { p.Skew = -time.Second }, "Skew"},
		{"a clock that is not set", func(p *provider) { p.Skew = 5*time.Minute + 1 }, "Skew"},
		{"a token of less than nothing", func(p *provider) { p.MaxIDToken = -1 }, "MaxIDToken"},
		{"a token of no end", func(p *provider) { p.MaxIDToken = 256<<10 + 1 }, "MaxIDToken"},
		{"an answer of less than nothing", func(p *provider) { p.MaxAnswer = -1 }, "MaxAnswer"},
		{"an answer of no end", func(p *provider) { p.MaxAnswer = 1<<20 + 1 }, "MaxAnswer"},
		{"an answer smaller than what is in it", func(p *provider) { p.MaxIDToken, p.MaxAnswer = 64<<10, 64<<10-1 }, "MaxAnswer"},
		{"stale for less than nothing", func(p *provider) { p.StaleIfError = -1 }, "StaleIfError"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := goodConfig()
			c.change(&bad.Providers[0])
			_, err := rpserver.New(bad)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "https://idp.example") {
				t.Errorf("got %v, want something about %q and the provider", err, c.want)
			}
		})
	}
}

// The furthest that each setting goes is good.
func TestSettingsAtTheirBoundsAreTaken(t *testing.T) {
	type provider = rpserver.Provider
	key := testKeys().es256.Signer()
	for name, change := range map[string]settings{
		"sizes":                 func(p *provider) { p.MaxIDToken, p.MaxAnswer = 256<<10, 1<<20 },
		"an answer of its size": func(p *provider) { p.MaxIDToken, p.MaxAnswer = 64<<10, 64<<10 },
		"a small token":         func(p *provider) { p.MaxIDToken = 1 },
		"a clock":               func(p *provider) { p.Skew = 5 * time.Minute },
		"a template": func(p *provider) {
			p.Issuer, p.Tenants, p.DiscoveryURL = "https://idp.example/{tenantid}/v2", []string{"a-1", "B"}, "https://idp.example/common"
		},
		"a form":                func(p *provider) { p.ResponseMode = "form_post" },
		"always":                func(p *provider) { p.Userinfo = rpserver.UserinfoAlways },
		"never":                 func(p *provider) { p.Userinfo = rpserver.UserinfoNever },
		"basic":                 func(p *provider) { p.TokenAuth, p.ClientSecret = "client_secret_basic", "s" },
		"post, made anew":       func(p *provider) { p.TokenAuth, p.ClientSecretFunc = "client_secret_post", noSecret },
		"a key":                 func(p *provider) { p.TokenAuth, p.ClientKey, p.AssertionAudience = "private_key_jwt", key, "x" },
		"a public client":       func(p *provider) { p.TokenAuth = "none" },
		"no PKCE with a key":    func(p *provider) { p.InsecureNoPKCE, p.ClientKey = true, key },
		"no PKCE with a secret": func(p *provider) { p.InsecureNoPKCE, p.ClientSecret = true, "s" },
		"no scopes":             func(p *provider) { p.Scopes = []string{} },
		"openid itself":         func(p *provider) { p.Scopes = []string{"openid", "profile"} },
		"a parameter":           func(p *provider) { p.Params = []oidc.Param{{Name: "audience", Value: "https://api.example"}} },
		"algorithms":            func(p *provider) { p.Algorithms = []jws.Algorithm{jws.ES256} },
	} {
		t.Run(name, func(t *testing.T) {
			good := goodConfig()
			change(&good.Providers[0])
			if _, err := rpserver.New(good); err != nil {
				t.Error(err)
			}
		})
	}
}

// Browsers keep no cookie for a POST from another site on http.
func TestAFormNeedsHTTPS(t *testing.T) {
	c := goodConfig()
	c.Origin, c.Providers[0].ResponseMode = "http://localhost:8080", "form_post"
	if _, err := rpserver.New(c); err == nil || !strings.Contains(err.Error(), "https Origin") {
		t.Error(err)
	}
}
