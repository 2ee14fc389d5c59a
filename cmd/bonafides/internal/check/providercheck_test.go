package check

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/cmd/bonafides/internal/cli"
	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// edit is a quirk of the discovery document alone.
func edit(change func(d map[string]any)) idptest.Quirks {
	return idptest.Quirks{Endpoints: idptest.EndpointQuirks{Edit: change}}
}

func member(name string, value any) idptest.Quirks {
	return edit(func(d map[string]any) {
		if d[name] = value; value == nil {
			delete(d, name)
		}
	})
}

// Each case says what a provider does, the code to end with, and words of one line.
func TestProviderCheck(t *testing.T) {
	for _, c := range []struct {
		name   string
		quirks idptest.Quirks
		args   []string
		code   int
		says   []string
	}{
		{"the standard", idptest.Quirks{}, nil, cli.OK, []string{
			"works  discovery: the issuer is", "works  sign-in", "works  PKCE: S256", "works  client secret", "works  answers: in the query", "works  answers: they name their issuer",
			"works  signatures: RS256", "works  keys: 1", "works  userinfo", "works  sign-out", "works  revocation", "works  back-channel logout: of one session",
			"note   refresh tokens: with Offline, by the scope", "withdrawn counts here for 5m0s at most (Cache-Control: public, max-age=300)", "\nusable\n"}},
		{"the document elsewhere, asked at the issuer", idptest.Quirks{Endpoints: idptest.EndpointQuirks{DiscoveryElsewhere: true}}, nil, cli.Refused, []string{"fails  discovery", "set DiscoveryURL", "not usable"}},
		{"another issuer", member("issuer", "https://another.example"), nil, cli.OK, []string{"set    Issuer: the document names another issuer", "set    DiscoveryURL", "usable with the settings Issuer, DiscoveryURL"}},
		{"an issuer that is not https", member("issuer", "http://another.example"), nil, cli.Refused, []string{"fails  discovery: the issuer"}},
		{"no issuer", member("issuer", nil), nil, cli.Refused, []string{"fails", "it has no issuer"}},
		{"an issuer that is a number", member("issuer", 1), nil, cli.Refused, []string{"its issuer is not a string"}},
		{"tenants", idptest.Quirks{Endpoints: idptest.EndpointQuirks{Tenant: "contoso"}}, nil, cli.OK, []string{"set    Tenants", "set    DiscoveryURL", "usable with the settings Issuer, DiscoveryURL, Tenants"}},
		{"the secret in the body alone", idptest.Quirks{Endpoints: idptest.EndpointQuirks{PostOnly: true}}, nil, cli.OK, []string{"works  client secret: client_secret_post", "\nusable\n"}},
		{"methods that are not listed", idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthMethods: true}}, nil, cli.OK, []string{"note   client secret", "TokenAuth client_secret_post"}},
		{"keys of clients alone", idptest.Quirks{Endpoints: idptest.EndpointQuirks{PrivateKeyJWT: true}}, nil, cli.OK, []string{"set    ClientKey"}},
		{"public clients alone", member("token_endpoint_auth_methods_supported", []string{"none"}), nil, cli.OK, []string{"set    ClientSecret: leave it empty"}},
		{"certificates of clients alone", member("token_endpoint_auth_methods_supported", []string{"tls_client_auth"}), nil, cli.Refused, []string{"fails  client secret"}},
		{"PKCE not announced", idptest.Quirks{Answers: idptest.AnswerQuirks{NoPKCE: true}}, nil, cli.OK, []string{"note   PKCE", "InsecureNoPKCE"}},
		{"plain alone", member("code_challenge_methods_supported", []string{"plain"}), nil, cli.OK, []string{"set    InsecureNoPKCE"}},
		{"form_post alone", member("response_modes_supported", []string{"form_post"}), nil, cli.OK, []string{"set    ResponseMode"}},
		{"the fragment alone", member("response_modes_supported", []string{"fragment"}), nil, cli.Refused, []string{"fails  answers"}},
		{"pushed requests", idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true}}, nil, cli.OK, []string{"works  pushed requests"}},
		{"pushed requests without a place", idptest.Quirks{Endpoints: idptest.EndpointQuirks{PARRequired: true, NoPAR: true}}, nil, cli.Refused, []string{"fails  pushed requests"}},
		{"no algorithm of ours", member("id_token_signing_alg_values_supported", []string{"HS256", "none"}), nil, cli.Refused, []string{"fails  signatures: HS256, none"}},
		{"algorithms that are not listed", member("id_token_signing_alg_values_supported", nil), nil, cli.OK, []string{"note   signatures", "Algorithms"}},
		{"no code flow", member("response_types_supported", []string{"id_token"}), nil, cli.Refused, []string{"fails  sign-in: response_types_supported"}},
		{"no token endpoint", member("token_endpoint", nil), nil, cli.Refused, []string{"fails  sign-in", "token_endpoint"}},
		{"an authorization endpoint without TLS", member("authorization_endpoint", "http://idp.example/authorize"), nil, cli.Refused, []string{"fails  sign-in", "authorization_endpoint"}},
		{"no scopes of ours", member("scopes_supported", []string{"openid"}), nil, cli.OK, []string{"set    Scopes", "access_type=offline"}},
		{"little more than a sign-in", idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoUserinfo: true, NoEndSession: true, NoRevocation: true}}, nil, cli.OK, []string{"note   userinfo: none", "note   sign-out: here alone", "note   revocation: none"}},
		{"no back-channel logout", member("backchannel_logout_supported", nil), nil, cli.OK, []string{"note   back-channel logout: none"}},
		{"answers without iss", member("authorization_response_iss_parameter_supported", nil), nil, cli.OK, []string{"note   answers: they do not name their issuer"}},
		{"no jwks_uri", idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoJWKS: true}}, nil, cli.Refused, []string{"fails  keys", "jwks_uri"}},
		{"a bad key among others", idptest.Quirks{Keys: idptest.KeyQuirks{BadEntry: true}}, nil, cli.OK, []string{"is left out"}},
		{"odd keys", idptest.Quirks{Keys: idptest.KeyQuirks{Padded: true}}, nil, cli.OK, []string{"is used, although its base64 is padded"}},
		{"no keys", idptest.Quirks{Keys: idptest.KeyQuirks{Unpublished: true}}, nil, cli.Refused, []string{"fails  keys: none"}},
		{"keys that cannot be had", idptest.Quirks{Faults: map[idptest.Endpoint]idptest.Fault{idptest.JWKS: {HTML: true}}}, nil, cli.Refused, []string{"fails  keys", "a page (HTML)"}},
		{"no answer", idptest.Quirks{Faults: map[idptest.Endpoint]idptest.Fault{idptest.Discovery: {Status: 500}}}, nil, cli.Refused, []string{"fails  discovery", "status 500"}},
		{"a redirect", idptest.Quirks{Faults: map[idptest.Endpoint]idptest.Fault{idptest.Discovery: {Redirect: "https://www.idp.example/"}}}, nil, cli.Refused, []string{"fails  discovery", "redirect"}},
		{"machines alone", idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthorization: true}}, nil, cli.Refused, []string{"fails  sign-in", "provider.Verifier"}},
		{"machines alone, for them", idptest.Quirks{Endpoints: idptest.EndpointQuirks{NoAuthorization: true}}, []string{"-verify-only"}, cli.OK, []string{"works  keys: 1", "\nusable\n"}},
		{"words that steer a terminal", member("token_endpoint_auth_methods_supported", []string{"\x1b[2J"}), nil, cli.Refused, []string{"\ufffd[2J"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			idp := idptest.New(t, idptest.WithQuirks(c.quirks))
			out, errs, code := bonafides(t, "", append(append([]string{"provider", "check"}, c.args...), idp.Issuer)...)
			if code != c.code {
				t.Errorf("code %d: %s%s", code, out, errs)
			}
			for _, words := range c.says {
				if !strings.Contains(out, words) {
					t.Errorf("%q is not said:\n%s", words, out)
				}
			}
			for _, r := range idp.Requests() {
				if r.Endpoint != idptest.Discovery && r.Endpoint != idptest.JWKS {
					t.Errorf("%s was asked", r.Endpoint)
				}
			}
		})
	}
}

// The address of the document itself, and the settings as Go.
func TestProviderCheckWritesTheSettings(t *testing.T) {
	idp := idptest.New(t, idptest.WithAlgorithm(jws.ES256), idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{DiscoveryElsewhere: true}}))
	out, errs, code := bonafides(t, "", "provider", "check", "-client-id", "shop", idp.DiscoveryURL())
	want := "rpserver.Provider{\n\tIssuer: \"" + idp.Issuer + "\",\n\tClientID: \"shop\",\n\tClientSecret: secret, // from a file or the environment; leave this line out if the provider gave none\n\tDiscoveryURL: \"" + idp.DiscoveryURL() + "\",\n}\n"
	if code != cli.OK || !strings.Contains(out, want) {
		t.Errorf("%d %s%s", code, out, errs)
	}
}

// Whether a client has a secret is told by the provider, not by its documents.
func TestProviderCheckKnowsClientsWithoutASecret(t *testing.T) {
	for method, with := range map[string]bool{"none": true, "client_secret_post": false} {
		idp := idptest.New(t, idptest.WithQuirks(member("token_endpoint_auth_methods_supported", []string{"client_secret_basic", method})))
		out, errs, code := bonafides(t, "", "provider", "check", "-client-id", "shop", idp.Issuer)
		if code != cli.OK || strings.Contains(out, "leave this line out if the provider gave none") != with {
			t.Errorf("%s: %d %s%s", method, code, out, errs)
		}
	}
}

// A slash at the end is another issuer.
func TestProviderCheckComparesTheIssuerByteForByte(t *testing.T) {
	idp := idptest.New(t)
	out, _, code := bonafides(t, "", "provider", "check", idp.Issuer+"/")
	if code != cli.OK || !strings.Contains(out, "byte for byte") || !strings.Contains(out, "usable with the settings Issuer") {
		t.Errorf("%d %s", code, out)
	}
}

func TestProviderCheckFindsFedCM(t *testing.T) {
	idp := idptest.New(t)
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/.well-known/web-identity":
			_, _ = w.Write([]byte(`{"provider_urls":["https://idp.example/fedcm.json"]}`))
		case "/.well-known/openid-configuration":
			_, _ = w.Write([]byte(`{"issuer":"` + server.URL + `","authorization_endpoint":"` + idp.URL(idptest.Authorization) + `","token_endpoint":"` + idp.URL(idptest.Token) +
				`","jwks_uri":"` + idp.URL(idptest.JWKS) + `"}`))
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	out, _, code := bonafides(t, "", "provider", "check", server.URL)
	if code != cli.OK || !strings.Contains(out, `FedCM: set ConfigURL to "https://idp.example/fedcm.json"`) {
		t.Errorf("%d %s", code, out)
	}
}

// What a public document names is not looked for on this machine.
func TestProviderCheckGoesWhereTheGuardLets(t *testing.T) {
	out, _, code := bonafides(t, "", "provider", "check", "https://10.0.0.1")
	if code != cli.Refused || !strings.Contains(out, "not a public address") || !strings.Contains(out, "-private") || !strings.Contains(out, "Config.PrivateAddresses") {
		t.Errorf("%d %s", code, out)
	}
}

func TestProviderCheckUsage(t *testing.T) {
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "takes one issuer"},
		{[]string{"https://a.example", "https://b.example"}, "takes one issuer"},
		{[]string{"https://a.example", "-client-id", "x"}, "flags go before it"},
		{[]string{"login.example"}, "absolute URL"},
		{[]string{"http://login.example"}, "https"},
		{[]string{"https://login.example/?p=x"}, "has a query"},
		{[]string{"-client-id", "", "https://a.example"}, "-client-id is empty"},
		{[]string{"-verify-only", "-client-id", "x", "https://a.example"}, "nobody signs in"},
		{[]string{"-private", "10.0.0.1", "https://a.example"}, "no prefix"},
	} {
		if _, errs, code := bonafides(t, "", append([]string{"provider", "check"}, c.args...)...); code != cli.Usage || !strings.Contains(errs, c.says) {
			t.Errorf("%v: %d %s", c.args, code, errs)
		}
	}
}
