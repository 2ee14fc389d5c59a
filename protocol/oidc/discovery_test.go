package oidc

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

func testDiscovery() *Discovery {
	no := false
	return &Discovery{Issuer: theIssuer, AuthorizationEndpoint: theIssuer + "/authorize", TokenEndpoint: theIssuer + "/token", JWKSURI: theIssuer + "/jwks.json",
		ResponseTypesSupported: []string{"code"}, SubjectTypesSupported: []string{"public"}, IDTokenSigningAlgValues: []string{"RS256", "ES256"}, CodeChallengeMethods: []string{PKCEMethod},
		ClaimsSupported: []string{}, AuthorizationResponseIssParam: true, RequestURIParameterSupported: &no}
}

func TestDiscoveryIsWrittenAndRead(t *testing.T) {
	b, err := testDiscovery().JSON()
	if err != nil {
		t.Fatal(err)
	}
	want := `{"issuer":"https://idp.example","authorization_endpoint":"https://idp.example/authorize","token_endpoint":"https://idp.example/token","jwks_uri":"https://idp.example/jwks.json",` +
		`"response_types_supported":["code"],"subject_types_supported":["public"],"id_token_signing_alg_values_supported":["RS256","ES256"],"claims_supported":[],"code_challenge_methods_supported":["S256"],` +
		`"authorization_response_iss_parameter_supported":true,"request_uri_parameter_supported":false}`
	if string(b) != want {
		t.Errorf("%s\nwant\n%s", b, want)
	}
	d, err := ParseDiscovery(b, theIssuer)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.JSON()
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("%s %v", again, err)
	}
	if s, _ := d.Value("token_endpoint").Text(); s != d.TokenEndpoint {
		t.Error("Value")
	}
	if DiscoveryURL("https://a.example/t/") != "https://a.example/t/.well-known/openid-configuration" {
		t.Error(DiscoveryURL("https://a.example/t/"))
	}
}

func TestDiscoveryRefused(t *testing.T) {
	b, err := testDiscovery().JSON()
	if err != nil {
		t.Fatal(err)
	}
	doc := string(b)
	for name, test := range map[string]struct{ doc, code string }{
		"empty":              {"", CodeDocument},
		"array":              {"[]", CodeDocument},
		"HTML":               {"<html>", CodeDocument},
		"too long":           {doc + strings.Repeat(" ", MaxDiscovery), CodeDocument},
		"two issuers":        {`{"issuer":"https://evil.example",` + doc[1:], CodeDocument},
		"its issuer twice":   {`{"issuer":"https://idp.example",` + doc[1:], CodeDocument},
		"two, one escaped":   {`{"\u0069ssuer":"https://evil.example",` + doc[1:], CodeDocument},
		"another issuer":     {strings.Replace(doc, `"https://idp.example"`, `"https://evil.example"`, 1), CodeDocumentIss},
		"no issuer":          {strings.Replace(doc, `"issuer"`, `"issuer2"`, 1), CodeDocumentIss},
		"issuer is null":     {strings.Replace(doc, `"https://idp.example"`, `null`, 1), CodeDocumentIss},
		"issuer is a number": {strings.Replace(doc, `"https://idp.example"`, `1`, 1), CodeDocument},
		"slash":              {strings.Replace(doc, `"https://idp.example"`, `"https://idp.example/"`, 1), CodeDocumentIss},
	} {
		if _, err := ParseDiscovery([]byte(test.doc), theIssuer); codeOf(err) != test.code {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is missing is for whoever needs it to find out, and Check says it.
	for _, name := range []string{"jwks_uri", "authorization_endpoint", "response_types_supported", "subject_types_supported", "id_token_signing_alg_values_supported"} {
		for _, lacks := range []string{
			strings.Replace(doc, `"`+name+`"`, `"x"`, 1),
			strings.Replace(strings.Replace(doc, `"`+name+`"`, `"x"`, 1), "{", `{"`+name+`":null,`, 1),
		} {
			d, err := ParseDiscovery([]byte(lacks), theIssuer)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := d.Check(); codeOf(err) != CodeDocument || !strings.Contains(err.Error(), name) {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := d.JSON(); codeOf(err) != CodeDocument {
				t.Errorf("%s is written: %v", name, err)
			}
		}
	}
	if d, err := ParseDiscovery(b, theIssuer); err != nil || d.Check() != nil {
		t.Error(err)
	}
	if _, err := ParseDiscovery([]byte(`{"issuer":""}`), ""); codeOf(err) != CodeDocumentIss {
		t.Errorf("nobody's document: %v", err)
	}
	if _, err := (&Discovery{}).JSON(); codeOf(err) != CodeDocument {
		t.Errorf("%v", err)
	}
	d := testDiscovery()
	d.TokenEndpoint = "\xff"
	if _, err := d.JSON(); codeOf(err) != CodeDocument {
		t.Errorf("%v", err)
	}
}

// Documents of real providers hold what no specification names, and write what some
// other reader takes. Whoever needs a member judges it.
func TestAMemberIsJudgedWhereItIsUsed(t *testing.T) {
	b, err := testDiscovery().JSON()
	if err != nil {
		t.Fatal(err)
	}
	with := func(members string) *Discovery {
		t.Helper()
		d, err := ParseDiscovery([]byte("{"+members+","+string(b[1:])), theIssuer)
		if err != nil {
			t.Fatalf("%s: %v", members, err)
		}
		return d
	}
	for _, nobody := range []string{
		`"x":1,"x":{"a":1,"a":2}`, `"x":"\ud83d"`, "\"x\":\"\xff\"", `"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40), `"op_policy_uri":[]`, `"ui_locales_supported":"en"`,
	} {
		if d := with(nobody); d.Check() != nil || d.TokenEndpoint != theIssuer+"/token" {
			t.Errorf("%s: %+v", nobody, d)
		}
	}
	if v := with(`"x":1,"x":2,"y":[7],"z":{"a":1,"a":1}`); v.Value("x").Exists() || v.Value("y").Raw() != "[7]" || v.Value("z").Exists() {
		t.Error("Value of members that nobody reads")
	}
	for name, c := range map[string]struct{ members, of, why string }{
		"a number":           {`"userinfo_endpoint":1`, "userinfo_endpoint", "userinfo_endpoint is not a string"},
		"an array":           {`"userinfo_endpoint":["https://a.example"]`, "userinfo_endpoint", "userinfo_endpoint is not a string"},
		"not strict":         {`"userinfo_endpoint":"\ud83d"`, "userinfo_endpoint", "userinfo_endpoint is not strict JSON"},
		"twice":              {`"token_endpoint":"https://evil.example"`, "token_endpoint", "token_endpoint appears twice"},
		"not there":          {`"x":1`, "userinfo_endpoint", "has no userinfo_endpoint"},
		"null":               {`"userinfo_endpoint":null`, "userinfo_endpoint", "has no userinfo_endpoint"},
		"empty":              {`"userinfo_endpoint":""`, "userinfo_endpoint", "has no userinfo_endpoint"},
		"a list, not of it":  {`"scopes_supported":[1]`, "scopes_supported", "scopes_supported is not an array of strings"},
		"a flag that is one": {`"request_parameter_supported":1`, "request_parameter_supported", "request_parameter_supported is not a boolean"},
	} {
		d := with(c.members)
		if got, err := d.Require(c.of); got != "" || codeOf(err) != CodeDocument || !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %q %v", name, got, err)
		}
		if d.Check() != nil || d.ScopesSupported != nil || d.RequestParameterSupported {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if got, err := with(`"x":1`).Require("token_endpoint"); err != nil || got != theIssuer+"/token" {
		t.Error(got, err)
	}
	if d := with(`"request_parameter_supported":"true","backchannel_logout_supported":"false"`); !d.RequestParameterSupported || d.BackchannelLogoutSupported {
		t.Errorf("flags in quotes: %+v", d)
	}
	d, err := ParseDiscovery([]byte(`{"issuer":"https://idp.example","authorization_endpoint":[]}`), theIssuer)
	if err != nil || !strings.Contains(d.Check().Error(), "authorization_endpoint is not a string") {
		t.Errorf("%v %v", err, d.Check())
	}
}

func TestAnIssuerOfManyTenantsIsComparedAsItIsWritten(t *testing.T) {
	const template = "https://login.example/{tenantid}/v2.0"
	for doc, ok := range map[string]bool{
		template:                                    true,
		"https://login.example/{tenantId}/v2.0":     false,
		"https://login.example/common/v2.0":         false,
		"https://login.example/%7Btenantid%7D/v2.0": false,
	} {
		if _, err := ParseDiscovery([]byte(`{"issuer":"`+doc+`"}`), template); (err == nil) != ok {
			t.Errorf("%s: %v", doc, err)
		}
	}
}

func TestSigningAlgorithms(t *testing.T) {
	for _, c := range []struct {
		said, want string
		code       string
	}{
		{"", "", ""},
		{"RS256", "RS256", ""},
		{"none HS256 ES256 RS256 ES256", "ES256 RS256", ""},
		{"Ed25519 EdDSA", "EdDSA", ""},
		{"HS256 none", "", CodeNoAlgorithm},
		{"rs256", "", CodeNoAlgorithm},
	} {
		got, err := (&Discovery{IDTokenSigningAlgValues: strings.Fields(c.said)}).SigningAlgorithms()
		var want []jws.Algorithm
		for _, a := range strings.Fields(c.want) {
			want = append(want, jws.Algorithm(a))
		}
		if !slices.Equal(got, want) || codeOf(err) != c.code {
			t.Errorf("%q: %v %v", c.said, got, err)
		}
	}
}
