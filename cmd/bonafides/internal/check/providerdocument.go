package check

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// providerChecker reads one provider's documents and says what they mean for rpserver.
type providerChecker struct {
	out        io.Writer
	now        time.Time
	client     *http.Client
	verifyOnly bool

	issuer string // that was asked for, "" where the document's address was given
	at     string // the document's address
	d      *oidc.Discovery

	failed   bool
	settings map[string]string // as Go, by the name of the field
	order    []string
}

func (c *providerChecker) say(kind, format string, args ...any) {
	fmt.Fprintf(c.out, "%-6s %s\n", kind, cli.Printable(fmt.Sprintf(format, args...)))
}

func (c *providerChecker) works(format string, args ...any) { c.say("works", format, args...) }
func (c *providerChecker) note(format string, args ...any)  { c.say("note", format, args...) }

func (c *providerChecker) fails(format string, args ...any) {
	c.failed = true
	c.say("fails", format, args...)
}

// set names a setting and its value in Go; "" if that cannot be known from here.
func (c *providerChecker) set(name, value, format string, args ...any) {
	if _, ok := c.settings[name]; !ok {
		c.order = append(c.order, name)
	}
	c.settings[name] = value
	c.say("set", "%s: %s", name, fmt.Sprintf(format, args...))
}

func (c *providerChecker) run() {
	document, err := c.get(c.at, oidc.MaxDiscovery)
	switch {
	case errors.Is(err, errNoDocument):
		c.fails("discovery: %s: %v. If the provider publishes it elsewhere, check that address, and set DiscoveryURL to it", c.at, err)
	case err != nil:
		c.fails("discovery: %s: %v", c.at, err)
	}
	if err != nil || !c.read(document.body) {
		return
	}
	c.preset()
	if !c.verifyOnly {
		c.signIn()
		c.clientAuth()
		c.answers()
		c.scopes()
		c.extras()
	}
	c.keys()
	if !c.verifyOnly {
		c.fedcm()
		c.note("no document shows what tokens hold (nonce, other audiences, azp, groups, jku): sign in once; a refusal's line in the log names its setting")
	}
}

// read judges whose document it is (OpenID Connect Discovery 1.0 section 4.3).
func (c *providerChecker) read(body []byte) bool {
	named, err := issuerOf(body)
	if err == nil {
		c.d, err = oidc.ParseDiscovery(body, named)
	}
	if err != nil {
		c.fails("discovery: %s is no discovery document: %v", c.at, err)
		return false
	}
	own := oidc.DiscoveryURL(named)
	template := strings.Contains(named, "{tenantid}")
	if _, err := web.SecureURL(strings.ReplaceAll(named, "{tenantid}", "tenant")); err != nil {
		c.fails("discovery: the issuer %q %v", named, err)
		return false
	}
	switch {
	case c.verifyOnly && own != c.at:
		c.fails("discovery: the issuer is %q, whose document would be at %s: set Issuer to it, and JWKSURL to the jwks_uri of this one", named, own)
	case template:
		c.set("Issuer", fmt.Sprintf("%q", named), "%q stands for the issuers of many tenants", named)
		c.set("DiscoveryURL", fmt.Sprintf("%q", c.at), "the document for all of them is at %s", c.at)
		c.set("Tenants", `[]string{"..."}`, "list the ids of the tenants whose people may sign in; without it nobody is let in")
	case own == c.at && (c.issuer == "" || c.issuer == named):
		c.works("discovery: the issuer is %s", named)
	case own == c.at:
		c.set("Issuer", fmt.Sprintf("%q", named), "the document names %q, and not %q: the value must be the document's, byte for byte", named, c.issuer)
	default:
		c.set("Issuer", fmt.Sprintf("%q", named), "the document names another issuer than its address: %q. If that is the provider you mean, tokens name it too", named)
		c.set("DiscoveryURL", fmt.Sprintf("%q", c.at), "the issuer's own address is not where the document is: %s", c.at)
	}
	if named == oidc.GoogleIssuers[0] {
		c.set("IssuerAliases", "oidc.GoogleIssuers[1:]", "tokens may name %s instead", oidc.GoogleIssuers[1])
	}
	if c.settings["Issuer"] == "" {
		c.settings["Issuer"] = fmt.Sprintf("%q", named)
	}
	return true
}

// issuerOf reads the issuer that a document names.
func issuerOf(body []byte) (string, error) {
	members, err := strictjson.RawMembers(string(body), oidc.MaxDiscovery)
	if err != nil {
		return "", err
	}
	for _, m := range members {
		if m.Name == "issuer" {
			v, err := strictjson.ParseString(m.Raw, strictjson.Limits{MaxSize: oidc.MaxDiscovery})
			if s, ok := v.Text(); err == nil && ok && s != "" {
				return s, nil
			}
			return "", errors.New("its issuer is not a string")
		}
	}
	return "", errors.New("it has no issuer")
}

// endpoint judges an address of the document; "" if there is none that may be used.
func (c *providerChecker) endpoint(name string) (string, error) {
	raw, err := c.d.Require(name)
	if err != nil {
		return "", err
	}
	if _, err := web.LinkedURL(c.at, raw); err != nil {
		return "", fmt.Errorf("%s %q %w", name, raw, err)
	}
	return raw, nil
}

// signIn judges the code flow (OpenID Connect Core 1.0 section 3.1, RFC 7636, RFC 9126).
func (c *providerChecker) signIn() {
	if c.d.AuthorizationEndpoint == "" && c.d.TokenEndpoint == "" {
		c.fails("sign-in: there is no authorization endpoint: nobody signs in here. If machines do, check with -verify-only, and read their tokens with provider.Verifier")
		return
	}
	bad := false
	for _, name := range []string{"authorization_endpoint", "token_endpoint"} {
		if _, err := c.endpoint(name); err != nil {
			bad = true
			c.fails("sign-in: %v", err)
		}
	}
	if types := c.d.ResponseTypesSupported; len(types) > 0 && !slices.Contains(types, "code") {
		bad = true
		c.fails("sign-in: response_types_supported has no code, and no other flow is used here")
	}
	if !bad {
		c.works("sign-in: the code flow")
	}
	switch methods := c.d.CodeChallengeMethods; {
	case slices.Contains(methods, oidc.PKCEMethod):
		c.works("PKCE: S256")
	case len(methods) > 0:
		c.set("InsecureNoPKCE", "true", "code_challenge_methods_supported is %s and S256 is not among them; it needs a client secret or key", strings.Join(methods, ", "))
	default:
		c.note("PKCE: the document does not say so, and it is used all the same, which most providers take or ignore. One that refuses it needs InsecureNoPKCE")
	}
	switch _, err := c.endpoint("pushed_authorization_request_endpoint"); {
	case c.d.RequirePAR && err != nil:
		c.fails("pushed requests: they are required, and %v", err)
	case c.d.RequirePAR:
		c.works("pushed requests: required, and done without a setting")
	}
}

// answers judges how the provider brings its answer.
func (c *providerChecker) answers() {
	switch modes := c.d.ResponseModesSupported; {
	case len(modes) == 0 || slices.Contains(modes, "query"):
		c.works("answers: in the query")
		if slices.Contains(modes, "form_post") {
			c.note("answers: by POST too (ResponseMode form_post), which some demand for names and addresses, Apple for one")
		}
	case slices.Contains(modes, "form_post"):
		c.set("ResponseMode", `"form_post"`, "answers come by POST alone; the site must be https")
	default:
		c.fails("answers: response_modes_supported is %s; this kit reads query and form_post", strings.Join(modes, ", "))
	}
	if c.d.AuthorizationResponseIssParam {
		c.works("answers: they name their issuer (RFC 9207)")
	} else {
		c.note("answers: they do not name their issuer (RFC 9207); each provider has a redirect URI of its own here, which tells them apart")
	}
}

// scopes judges what may be asked for.
func (c *providerChecker) scopes() {
	known := c.d.ScopesSupported
	var asked, without []string
	for _, s := range []string{"profile", "email"} {
		if len(known) == 0 || slices.Contains(known, s) {
			asked = append(asked, fmt.Sprintf("%q", s))
		} else {
			without = append(without, s)
		}
	}
	if len(without) > 0 {
		c.set("Scopes", "[]string{"+strings.Join(asked, ", ")+"}", "scopes_supported has no %s, which is asked for where Scopes is nil; some providers refuse what they do not list", strings.Join(without, " and no "))
	}
	if slices.Contains(known, "offline_access") {
		c.note("refresh tokens: with Offline, by the scope offline_access")
	} else {
		c.note("refresh tokens: with Offline, by access_type=offline, since the scope offline_access is not listed; Google gives one the first time, and later with Prompt %q", "consent")
	}
}

// extras are endpoints that a sign-in can do without.
func (c *providerChecker) extras() {
	for _, e := range []struct{ name, with, without string }{
		{"userinfo_endpoint", "userinfo: asked where the ID token lacks name or address", "userinfo: none; name and address are what the ID token has"},
		{"end_session_endpoint", "sign-out: at the provider too", "sign-out: here alone; the provider has no end_session_endpoint"},
		{"revocation_endpoint", "revocation: refresh tokens end with the sign-out", "revocation: none; refresh tokens live on at the provider"},
	} {
		if d := c.d.Value(e.name); !d.Exists() || d.Kind() == strictjson.Null {
			c.note("%s", e.without)
		} else if _, err := c.endpoint(e.name); err != nil {
			c.note("%v; it is not used", err)
		} else {
			c.works("%s", e.with)
		}
	}
	switch {
	case !c.d.BackchannelLogoutSupported:
		c.note("back-channel logout: none; who signs out at the provider stays signed in here until the session ends")
	case !c.d.BackchannelLogoutSession:
		c.works("back-channel logout: of a person, everywhere at once (no sid)")
	default:
		c.works("back-channel logout: of one session")
	}
}
