package oidc

import (
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// DiscoveryPath is where a provider's configuration is, below its issuer
// identifier (OpenID Connect Discovery 1.0 section 4).
const DiscoveryPath = "/.well-known/openid-configuration"

// MaxDiscovery is how many bytes a discovery document may have.
const MaxDiscovery = 256 << 10

// CodeNoAlgorithm is the code of a refusal because a provider signs its ID tokens with
// nothing that can be checked here.
const CodeNoAlgorithm = "discovery_algorithms"

// DiscoveryURL returns where the configuration of an issuer is.
func DiscoveryURL(issuer string) string { return strings.TrimSuffix(issuer, "/") + DiscoveryPath }

// Discovery is a provider's configuration document. Lists that are nil are left
// out when it is written.
type Discovery struct {
	Issuer                string // required
	AuthorizationEndpoint string // required
	TokenEndpoint         string
	UserinfoEndpoint      string
	JWKSURI               string // required
	RegistrationEndpoint  string
	RevocationEndpoint    string
	IntrospectionEndpoint string
	EndSessionEndpoint    string
	PAREndpoint           string // pushed_authorization_request_endpoint

	ScopesSupported               []string
	ResponseTypesSupported        []string // required
	ResponseModesSupported        []string
	GrantTypesSupported           []string
	SubjectTypesSupported         []string // required
	IDTokenSigningAlgValues       []string // required
	TokenEndpointAuthMethods      []string
	ClaimsSupported               []string
	CodeChallengeMethods          []string
	PromptValuesSupported         []string
	AuthorizationResponseIssParam bool // RFC 9207
	RequestParameterSupported     bool
	RequestURIParameterSupported  *bool // true where it is left out, so a provider says false
	RequirePAR                    bool  // require_pushed_authorization_requests, RFC 9126
	BackchannelLogoutSupported    bool
	BackchannelLogoutSession      bool // backchannel_logout_session_supported

	members []strictjson.RawMember
	faults  []fault
}

// fault is why a member of a parsed document is as if it were not there.
type fault struct{ name, is string }

// Value returns any member of a parsed document; nothing where its name appears twice,
// or its value is not strict JSON.
func (d *Discovery) Value(name string) strictjson.Value {
	v, _ := d.read(name)
	return v
}

// Require returns the text of a member that the caller cannot do without, an endpoint.
// The *Error otherwise says whether the document lacks it, or what is wrong with it.
func (d *Discovery) Require(name string) (string, error) {
	for _, m := range d.texts() {
		if m.name == name && *m.value != "" {
			return *m.value, nil
		}
	}
	return "", d.lacks(name)
}

func (d *Discovery) lacks(name string) *Error {
	for _, f := range d.faults {
		if f.name == name {
			return refuse(CodeDocument, "in the discovery document "+name+" "+f.is)
		}
	}
	return refuse(CodeDocument, "the discovery document has no "+name)
}

// JSON returns the document. It fails if a required member is missing.
func (d *Discovery) JSON() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, err
	}
	var w strictjson.Writer
	for _, m := range d.texts() {
		w.OptString(m.name, *m.value)
	}
	for _, m := range d.lists() {
		if *m.value != nil {
			w.Strings(m.name, *m.value)
		}
	}
	for _, m := range d.flags() {
		if *m.value {
			w.Bool(m.name, true)
		}
	}
	if d.RequestURIParameterSupported != nil {
		w.Bool("request_uri_parameter_supported", *d.RequestURIParameterSupported)
	}
	b, err := w.Bytes()
	if err != nil {
		return nil, refuse(CodeDocument, "a member of the document is not UTF-8")
	}
	return b, nil
}

// ParseDiscovery reads the document that was fetched from DiscoveryURL(issuer).
// Its issuer must be the one that was asked for (section 4.3): otherwise one
// provider could answer for another. An issuer of many tenants,
// "https://idp.example/{tenantid}", is compared as it is written.
//
// Members that nobody reads may hold anything, and be there twice. One that is known
// and not of its type is left empty like one that is missing, for the caller that
// needs it to notice: Require says why. A provider with FedCM alone has no
// authorization endpoint. Check tells whether the document is complete. Errors are
// *Error.
func ParseDiscovery(b []byte, issuer string) (*Discovery, error) {
	members, err := strictjson.RawMembers(string(b), MaxDiscovery)
	if err != nil {
		return nil, refuse(CodeDocument, "the discovery document is not a JSON object: "+err.Error())
	}
	d := &Discovery{members: members}
	for _, m := range d.texts() {
		if c, ok := d.known(m.name); ok {
			if *m.value, ok = c.Text(); !ok {
				d.fault(m.name, "is not a string")
			}
		}
	}
	for _, m := range d.lists() {
		if c, ok := d.known(m.name); ok {
			if *m.value, ok = c.Strings(); !ok {
				d.fault(m.name, "is not an array of strings")
			}
		}
	}
	flag := func(name string, set func(bool)) {
		if c, ok := d.known(name); ok {
			b, ok := boolean(c)
			if !ok {
				d.fault(name, "is not a boolean")
				return
			}
			set(b)
		}
	}
	for _, m := range d.flags() {
		flag(m.name, func(b bool) { *m.value = b })
	}
	flag("request_uri_parameter_supported", func(b bool) { d.RequestURIParameterSupported = &b })
	if d.Issuer == "" && len(d.faults) > 0 && d.faults[0].name == "issuer" { // the first of the table
		return nil, d.lacks("issuer")
	}
	if d.Issuer == "" || d.Issuer != issuer {
		return nil, refuse(CodeDocumentIss, "the discovery document is of another issuer than the one it was fetched for")
	}
	return d, nil
}

// known reads a member of the tables below; false if it is as if it were not there.
// Some providers write null for what they do not have.
func (d *Discovery) known(name string) (strictjson.Value, bool) {
	v, is := d.read(name)
	if is != "" {
		d.fault(name, is)
	}
	return v, v.Exists() && v.Kind() != strictjson.Null
}

func (d *Discovery) fault(name, is string) { d.faults = append(d.faults, fault{name, is}) }

// read reads a member of a parsed document, and says what is wrong with it if it cannot
// be read.
func (d *Discovery) read(name string) (v strictjson.Value, is string) {
	for _, m := range d.members {
		if m.Name != name {
			continue
		}
		if v.Exists() {
			return strictjson.Value{}, "appears twice"
		}
		var err error
		if v, err = strictjson.ParseString(m.Raw, strictjson.Limits{MaxSize: MaxDiscovery}); err != nil {
			return strictjson.Value{}, "is not strict JSON"
		}
	}
	return v, ""
}

// boolean reads a flag. Some providers put it into quotes, and mean it.
func boolean(v strictjson.Value) (is, ok bool) {
	if text, ok := v.Text(); ok {
		return text == "true", text == "true" || text == "false"
	}
	return v.Bool()
}

// SigningAlgorithms returns those of IDTokenSigningAlgValues that can be checked here,
// in the document's order; nil if the document says nothing of them. An *Error of
// CodeNoAlgorithm says that there are none.
func (d *Discovery) SigningAlgorithms() ([]jws.Algorithm, error) {
	var out []jws.Algorithm
	for _, name := range d.IDTokenSigningAlgValues {
		if a, ok := jws.ParseAlgorithm(name); ok && !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	if out == nil && len(d.IDTokenSigningAlgValues) > 0 {
		return nil, refuse(CodeNoAlgorithm, "the provider signs ID tokens with nothing that is checked here, "+
			"by id_token_signing_alg_values_supported of its discovery document: let it sign this client's with RS256 or ES256")
	}
	return out, nil
}

// Check refuses a document that lacks a member which section 3 requires. The
// error is an *Error.
func (d *Discovery) Check() error {
	for _, m := range []struct {
		name string
		ok   bool
	}{
		{"issuer", d.Issuer != ""},
		{"authorization_endpoint", d.AuthorizationEndpoint != ""},
		{"jwks_uri", d.JWKSURI != ""},
		{"response_types_supported", len(d.ResponseTypesSupported) > 0},
		{"subject_types_supported", len(d.SubjectTypesSupported) > 0},
		{"id_token_signing_alg_values_supported", len(d.IDTokenSigningAlgValues) > 0},
	} {
		if !m.ok {
			return d.lacks(m.name)
		}
	}
	return nil
}

type member[T any] struct {
	name  string
	value *T
}

// The tables give every member's name once, for writing and reading.

func (d *Discovery) texts() []member[string] {
	return []member[string]{
		{"issuer", &d.Issuer},
		{"authorization_endpoint", &d.AuthorizationEndpoint},
		{"token_endpoint", &d.TokenEndpoint},
		{"userinfo_endpoint", &d.UserinfoEndpoint},
		{"jwks_uri", &d.JWKSURI},
		{"registration_endpoint", &d.RegistrationEndpoint},
		{"revocation_endpoint", &d.RevocationEndpoint},
		{"introspection_endpoint", &d.IntrospectionEndpoint},
		{"end_session_endpoint", &d.EndSessionEndpoint},
		{"pushed_authorization_request_endpoint", &d.PAREndpoint},
	}
}

func (d *Discovery) lists() []member[[]string] {
	return []member[[]string]{
		{"scopes_supported", &d.ScopesSupported},
		{"response_types_supported", &d.ResponseTypesSupported},
		{"response_modes_supported", &d.ResponseModesSupported},
		{"grant_types_supported", &d.GrantTypesSupported},
		{"subject_types_supported", &d.SubjectTypesSupported},
		{"id_token_signing_alg_values_supported", &d.IDTokenSigningAlgValues},
		{"token_endpoint_auth_methods_supported", &d.TokenEndpointAuthMethods},
		{"claims_supported", &d.ClaimsSupported},
		{"code_challenge_methods_supported", &d.CodeChallengeMethods},
		{"prompt_values_supported", &d.PromptValuesSupported},
	}
}

func (d *Discovery) flags() []member[bool] {
	return []member[bool]{
		{"authorization_response_iss_parameter_supported", &d.AuthorizationResponseIssParam},
		{"request_parameter_supported", &d.RequestParameterSupported},
		{"require_pushed_authorization_requests", &d.RequirePAR},
		{"backchannel_logout_supported", &d.BackchannelLogoutSupported},
		{"backchannel_logout_session_supported", &d.BackchannelLogoutSession},
	}
}
