package oidc

import (
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// DiscoveryPath is where a provider's configuration is, below its issuer
// identifier (OpenID Connect Discovery 1.0 section 4).
const DiscoveryPath = "/.well-known/openid-configuration"

const maxDiscovery = 256 << 10

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
	BackchannelLogoutSupported    bool
	BackchannelLogoutSession      bool // backchannel_logout_session_supported

	document strictjson.Value
}

// Value returns any member of a parsed document.
func (d *Discovery) Value(name string) strictjson.Value { return d.document.Get(name) }

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
// provider could answer for another. Any other missing member is left empty, for
// the caller that needs it to notice: a provider with FedCM alone has no
// authorization endpoint. Check tells whether the document is complete. Errors are
// *Error.
func ParseDiscovery(b []byte, issuer string) (*Discovery, error) {
	v, err := strictjson.Parse(b, strictjson.Limits{MaxSize: maxDiscovery})
	if err != nil {
		return nil, refuse(CodeDocument, "the discovery document is not strict JSON: "+err.Error())
	}
	if v.Kind() != strictjson.Object {
		return nil, refuse(CodeDocument, "the discovery document is not a JSON object")
	}
	d := &Discovery{document: v}
	wrong := func(name, want string) error {
		return refuse(CodeDocument, "in the discovery document "+name+" is not "+want)
	}
	for _, m := range d.texts() {
		if c := v.Get(m.name); given(c) {
			s, ok := c.Text()
			if !ok {
				return nil, wrong(m.name, "a string")
			}
			*m.value = s
		}
	}
	for _, m := range d.lists() {
		if c := v.Get(m.name); given(c) {
			list, ok := c.Strings()
			if !ok {
				return nil, wrong(m.name, "an array of strings")
			}
			*m.value = list
		}
	}
	for _, m := range d.flags() {
		if c := v.Get(m.name); given(c) {
			b, ok := c.Bool()
			if !ok {
				return nil, wrong(m.name, "a boolean")
			}
			*m.value = b
		}
	}
	if c := v.Get("request_uri_parameter_supported"); given(c) {
		b, ok := c.Bool()
		if !ok {
			return nil, wrong("request_uri_parameter_supported", "a boolean")
		}
		d.RequestURIParameterSupported = &b
	}
	if d.Issuer == "" || d.Issuer != issuer {
		return nil, refuse(CodeDocumentIss, "the discovery document is of another issuer than the one it was fetched for")
	}
	return d, nil
}

// Check refuses a document that lacks a member which section 3 requires. The
// error is an *Error.
func (d *Discovery) Check() error {
	missing := ""
	switch {
	case d.Issuer == "":
		missing = "issuer"
	case d.AuthorizationEndpoint == "":
		missing = "authorization_endpoint"
	case d.JWKSURI == "":
		missing = "jwks_uri"
	case len(d.ResponseTypesSupported) == 0:
		missing = "response_types_supported"
	case len(d.SubjectTypesSupported) == 0:
		missing = "subject_types_supported"
	case len(d.IDTokenSigningAlgValues) == 0:
		missing = "id_token_signing_alg_values_supported"
	default:
		return nil
	}
	return refuse(CodeDocument, "the discovery document lacks "+missing+", which is required")
}

// given takes null for what is left out: some providers write so what they do not
// have.
func given(c strictjson.Value) bool { return c.Exists() && c.Kind() != strictjson.Null }

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
		{"backchannel_logout_supported", &d.BackchannelLogoutSupported},
		{"backchannel_logout_session_supported", &d.BackchannelLogoutSession},
	}
}
