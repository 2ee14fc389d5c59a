package check

import (
	"fmt"
	"net/url"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/freshness"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// clientAuth judges how a client authenticates itself (OpenID Connect Core 1.0 section 9).
func (c *providerChecker) clientAuth() {
	listed := c.d.TokenEndpointAuthMethods
	has := func(m string) bool { return slices.Contains(listed, m) }
	switch {
	case len(listed) == 0:
		c.note("client secret: the document does not say how it is sent: client_secret_basic is the default. A provider that answers invalid_client may want TokenAuth client_secret_post")
	case has("client_secret_basic") || has("client_secret_post"):
		c.works("client secret: %s", strings.Join(listed, ", "))
	case has("private_key_jwt"):
		c.set("ClientKey", "signer", "there is no client secret here: token_endpoint_auth_methods_supported is %s", strings.Join(listed, ", "))
	case has("none"):
		c.set("ClientSecret", `""`, "leave it empty: token_endpoint_auth_methods_supported is %s", strings.Join(listed, ", "))
	default:
		c.fails("client secret: token_endpoint_auth_methods_supported is %s; this kit has client_secret_basic, client_secret_post, private_key_jwt and none", strings.Join(listed, ", "))
	}
}

const mostKeySet = 512 << 10 // bytes, as in package jwks

// keys judges what tokens are signed with.
func (c *providerChecker) keys() {
	algorithms, err := c.d.SigningAlgorithms()
	switch {
	case err != nil:
		c.fails("signatures: %s; of them none is checked here", strings.Join(c.d.IDTokenSigningAlgValues, ", "))
	case len(algorithms) == 0:
		c.note("signatures: the document does not say with what; Algorithms can")
	default:
		c.works("signatures: %s", join(algorithms))
	}
	address, err := c.endpoint("jwks_uri")
	if err != nil {
		c.fails("keys: %v", err)
		return
	}
	document, err := c.get(address, mostKeySet)
	if err != nil {
		c.fails("keys: %s: %v", address, err)
		return
	}
	set, err := jws.ParseKeySet(document.body)
	if err != nil {
		c.fails("keys: %s is no key set: %v", address, err)
		return
	}
	for _, r := range set.Rejected() {
		c.note("keys: %q is left out: %s", r.KeyID, r.Reason)
	}
	for _, r := range set.Remarks() {
		c.note("keys: %q is used, although %s", r.KeyID, r.Text)
	}
	if n := len(set.Keys()); n == 0 {
		c.fails("keys: none of the set can check a signature")
	} else {
		c.works("keys: %d", n)
	}
	if c.verifyOnly && c.failed {
		return
	}
	life := c.lifeOf(document)
	c.note("keys: one that is withdrawn counts here for %s at most%s", life, because(document.cacheControl))
}

func join(list []jws.Algorithm) string {
	out := make([]string, len(list))
	for i, a := range list {
		out[i] = string(a)
	}
	return strings.Join(out, ", ")
}

func because(cacheControl string) string {
	if cacheControl == "" {
		return " (no Cache-Control)"
	}
	return fmt.Sprintf(" (Cache-Control: %s)", cacheControl)
}

// lifeOf is how long a document is used, by the rules that the relying party goes by.
func (c *providerChecker) lifeOf(f *fetched) time.Duration {
	var rules jws.KeySetRules
	s := freshness.State{}.Fetched(f.cacheControl, f.age, c.now, rules)
	const most = 24 * 60 * 60 // as freshness.Rules.LongestAge
	seconds := sort.Search(most, func(n int) bool {
		_, a := s.Wanted(c.now.Add(time.Duration(n)*time.Second), rules)
		return a.Do != freshness.Use
	})
	return time.Duration(seconds) * time.Second
}

// fedcm looks whether the provider has a config file for FedCM, on the issuer's own host:
// where the registrable domain is another, its document is not found from here.
func (c *providerChecker) fedcm() {
	u, err := url.Parse(c.at)
	if err != nil {
		return
	}
	document, err := c.get(web.OriginOf(u)+fedcm.WellKnownPath, 64<<10)
	if err != nil {
		return
	}
	known, err := fedcm.ParseWellKnown(document.body)
	if err != nil {
		c.note("FedCM: %s is there and cannot be read: %v", fedcm.WellKnownPath, err)
		return
	}
	for _, address := range known.ProviderURLs {
		c.note("FedCM: set ConfigURL to %q if the provider offers it to its clients", address)
	}
}

// presets are functions of rpserver/provider, by the end of the issuer's host.
var presets = []struct{ host, name string }{
	{"accounts.google.com", "Google"}, {"login.microsoftonline.com", "Entra, or EntraTenants"}, {".b2clogin.com", "AzureB2C"},
	{"appleid.apple.com", "Apple"}, {"www.linkedin.com", "LinkedIn"}, {".zitadel.cloud", "Zitadel"},
	{"token.actions.githubusercontent.com", "GitHubActions"}, {".cloudflareaccess.com", "CloudflareAccess"},
	{".hana.ondemand.com", "UAA"},
}

func (c *providerChecker) preset() {
	u, err := url.Parse(c.d.Issuer)
	if err != nil {
		return
	}
	host := u.Hostname()
	for _, p := range presets {
		if host == p.host || strings.HasPrefix(p.host, ".") && strings.HasSuffix(host, p.host) {
			c.note("package rpserver/provider has the settings: %s", p.name)
		}
	}
}

// writeSettings writes them as Go.
func (c *providerChecker) writeSettings(clientID string) {
	fmt.Fprintf(c.out, "\nrpserver.Provider{\n\tIssuer: %s,\n\tClientID: %q,\n", c.settings["Issuer"], clientID)
	if c.settings["ClientKey"] == "" && c.settings["ClientSecret"] == "" {
		without := ""
		if slices.Contains(c.d.TokenEndpointAuthMethods, "none") {
			without = "; leave this line out if the provider gave none"
		}
		fmt.Fprintf(c.out, "\tClientSecret: secret, // from a file or the environment%s\n", without)
	}
	for _, name := range c.order {
		if name != "Issuer" && name != "ClientSecret" {
			fmt.Fprintf(c.out, "\t%s: %s,\n", name, c.settings[name])
		}
	}
	fmt.Fprint(c.out, "}\n\n")
}
