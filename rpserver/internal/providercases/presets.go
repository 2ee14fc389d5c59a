package providercases

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"reflect"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

// preset is a function of rpserver/provider and what it sets.
type preset struct {
	function, who string
	sets          string // of rpserver.Provider or provider.VerifierConfig
	test          string
}

// plain are fields that every provider has.
var plain = []string{"Issuer", "ClientID", "ClientSecret", "Name", "Audience"}

// settingsOf names the other fields that are set.
func settingsOf(value any) string {
	var out []string
	v := reflect.ValueOf(value)
	for i := range v.NumField() {
		if name := v.Type().Field(i).Name; !v.Field(i).IsZero() && !slices.Contains(plain, name) {
			out = append(out, "`"+name+"`")
		}
	}
	return strings.Join(out, ", ")
}

func presets() ([]preset, error) {
	apple, err := anyApple()
	if err != nil {
		return nil, err
	}
	return []preset{
		{"Google", "Google", settingsOf(provider.Google("id", "secret")), "rpserver/provider TestGoogle"},
		{"Entra", "Microsoft Entra ID, one tenant", settingsOf(provider.Entra("tenant", "id", "secret")), "rpserver/provider TestEntra"},
		{"EntraTenants", "Microsoft Entra ID, several tenants", settingsOf(provider.EntraTenants([]string{"tenant"}, "id", "secret")), "rpserver/provider TestEntraTenants"},
		{"AzureB2C", "Azure AD B2C", settingsOf(provider.AzureB2C("name", "tenant", "flow", "id", "secret")), "rpserver/provider TestAzureB2C"},
		{"Apple", "Sign in with Apple", settingsOf(apple), "rpserver/provider TestApple"},
		{"LinkedIn", "LinkedIn", settingsOf(provider.LinkedIn("id", "secret")), "rpserver/provider TestLinkedIn"},
		{"Zitadel", "Zitadel", settingsOf(provider.Zitadel("https://idp.example", "id", "secret", "project")), "rpserver/provider TestZitadel"},
		{"UAA", "Cloud Foundry UAA, SAP XSUAA", settingsOf(provider.UAA("https://uaa.example", "id", "secret")), "rpserver/provider TestUAA"},
		{"GitHubActions", "GitHub Actions", settingsOf(provider.GitHubActions("audience", "owner/name")), "rpserver/provider TestGitHubActions"},
		{"CloudflareAccess", "Cloudflare Access", settingsOf(provider.CloudflareAccess("team", "tag")), "rpserver/provider TestCloudflareAccess"},
	}, nil
}

// anyApple is a value of Apple's, which needs a key.
func anyApple() (none rpserver.Provider, _ error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return none, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return none, err
	}
	return provider.Apple("id", provider.AppleKey{TeamID: "T", KeyID: "K", PEM: pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})})
}
