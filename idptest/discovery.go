package idptest

import (
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

const (
	elsewhere = "/elsewhere" // where Endpoints.DiscoveryElsewhere puts the document
	template  = "/{tenantid}/v2.0"
)

// DiscoveryURL is where the discovery document is: below Issuer, or elsewhere by a quirk.
func (p *Provider) DiscoveryURL() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.quirks.Endpoints.DiscoveryElsewhere {
		return p.Issuer + elsewhere + oidc.DiscoveryPath
	}
	return p.Issuer + oidc.DiscoveryPath
}

// Template is the issuer of the discovery document under Endpoints.Tenant: it holds
// "{tenantid}".
func (p *Provider) Template() string { return p.Issuer + template }

// issuer is the iss of tokens and answers.
func (p *Provider) issuer() string {
	if t := p.quirks.Endpoints.Tenant; t != "" {
		return strings.ReplaceAll(p.Template(), "{tenantid}", t)
	}
	return p.Issuer
}

// serveDiscovery answers GET /.well-known/openid-configuration (Discovery 1.0 section 4).
func (p *Provider) serveDiscovery(w http.ResponseWriter, r *http.Request, c *call) {
	q := c.quirks.Endpoints
	if strings.HasPrefix(r.URL.Path, elsewhere) != q.DiscoveryElsewhere {
		http.NotFound(w, r)
		return
	}
	if !allow(w, r, http.MethodGet, http.MethodHead) {
		return
	}
	algorithms := []string{}
	for _, k := range p.keys {
		algorithms = append(algorithms, string(k.alg))
	}
	d := map[string]any{
		"issuer":                                         p.Issuer,
		"authorization_endpoint":                         p.Issuer + string(Authorization),
		"token_endpoint":                                 p.Issuer + string(Token),
		"userinfo_endpoint":                              p.Issuer + string(Userinfo),
		"revocation_endpoint":                            p.Issuer + string(Revocation),
		"end_session_endpoint":                           p.Issuer + string(EndSession),
		"pushed_authorization_request_endpoint":          p.Issuer + string(PAR),
		"jwks_uri":                                       p.Issuer + string(JWKS),
		"scopes_supported":                               []string{"openid", "profile", "email", "offline_access"},
		"response_types_supported":                       []string{"code"},
		"response_modes_supported":                       []string{"query", "form_post"},
		"grant_types_supported":                          []string{"authorization_code", "refresh_token"},
		"subject_types_supported":                        []string{"public"},
		"id_token_signing_alg_values_supported":          algorithms,
		"token_endpoint_auth_methods_supported":          c.quirks.authMethods(),
		"code_challenge_methods_supported":               []string{oidc.PKCEMethod},
		"authorization_response_iss_parameter_supported": true,
		"backchannel_logout_supported":                   true,
		"backchannel_logout_session_supported":           true,
		"request_uri_parameter_supported":                false,
	}
	without := func(absent bool, names ...string) {
		for _, n := range names {
			if absent {
				delete(d, n)
			}
		}
	}
	without(q.NoAuthMethods, "token_endpoint_auth_methods_supported")
	without(q.NoPAR, "pushed_authorization_request_endpoint")
	without(q.NoUserinfo, "userinfo_endpoint")
	without(q.NoRevocation, "revocation_endpoint")
	without(q.NoEndSession, "end_session_endpoint")
	without(q.NoJWKS, "jwks_uri")
	without(c.quirks.Answers.NoPKCE || c.quirks.Answers.PKCERefused, "code_challenge_methods_supported")
	if q.NoAuthorization {
		d = map[string]any{
			"issuer": p.Issuer, "jwks_uri": d["jwks_uri"], "response_types_supported": []string{"id_token"},
			"subject_types_supported": []string{"public"}, "id_token_signing_alg_values_supported": algorithms,
		}
	}
	if c.quirks.Endpoints.PrivateKeyJWT {
		d["token_endpoint_auth_signing_alg_values_supported"] = []string{"RS256", "PS256", "ES256", "EdDSA"}
	}
	if q.PARRequired {
		d["require_pushed_authorization_requests"] = true
	}
	if q.OddMembers {
		d["claims_supported"], d["service_documentation"] = map[string]any{"sub": true}, []string{"https://docs.example"}
		d["http_logout_supported"], d["ui_locales_supported"] = "yes", nil
	}
	if q.Tenant != "" {
		d["issuer"] = p.Template()
		delete(d, "authorization_response_iss_parameter_supported")
	}
	if q.WrongIssuer {
		d["issuer"] = wrongIssuer
	}
	if q.Edit != nil {
		q.Edit(d)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	writeJSON(w, http.StatusOK, d)
}

const wrongIssuer = "https://another.example"
