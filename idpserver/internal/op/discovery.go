package op

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// documents are those that change with the keys.
type documents struct{ discovery, keys *web.Document }

// ServeDiscovery answers with the discovery document (OpenID Connect Discovery 1.0
// section 3).
func (o *OP) ServeDiscovery(w http.ResponseWriter, r *http.Request) {
	o.documents.Load().discovery.ServeHTTP(w, r)
}

// ServeKeys answers with the JWK set (RFC 7517 section 5).
func (o *OP) ServeKeys(w http.ResponseWriter, r *http.Request) {
	o.documents.Load().keys.ServeHTTP(w, r)
}

// Publish writes the documents for these keys, a JWK set, and what signs with them.
// Keys are cached for five minutes, so that a new one is seen soon; publish it that
// long before it signs.
func (o *OP) Publish(keys []byte, algorithms []string) error {
	no := false
	body, err := (&oidc.Discovery{
		Issuer:                        o.c.Issuer,
		AuthorizationEndpoint:         o.c.Issuer + AuthorizePath,
		TokenEndpoint:                 o.c.Issuer + TokenPath,
		UserinfoEndpoint:              o.c.Issuer + UserinfoPath,
		RevocationEndpoint:            o.c.Issuer + RevokePath,
		IntrospectionEndpoint:         o.c.Issuer + IntrospectPath,
		EndSessionEndpoint:            o.c.Issuer + EndSessionPath,
		PAREndpoint:                   o.c.Issuer + PARPath,
		JWKSURI:                       o.c.Issuer + KeysPath,
		ScopesSupported:               o.scopes(),
		ResponseTypesSupported:        []string{"code"},
		ResponseModesSupported:        []string{"query"},
		GrantTypesSupported:           []string{"authorization_code", "refresh_token"},
		SubjectTypesSupported:         []string{"public"},
		IDTokenSigningAlgValues:       algorithms,
		TokenEndpointAuthMethods:      []string{"client_secret_basic", "client_secret_post", "none"},
		CodeChallengeMethods:          []string{oidc.PKCEMethod},
		PromptValuesSupported:         oidc.PromptValues(),
		AuthorizationResponseIssParam: true,
		BackchannelLogoutSupported:    true,
		BackchannelLogoutSession:      true,
		RequestURIParameterSupported:  &no,
		ClaimsSupported:               tokens.Claims(),
	}).JSON()
	if err != nil {
		return err
	}
	o.documents.Store(&documents{
		discovery: web.NewDocument(body, "application/json", "public, max-age=3600"),
		keys:      web.NewDocument(keys, "application/jwk-set+json", "public, max-age=300"),
	})
	return nil
}

// scopes are all that a client may ask for, in the order in which a grant names them.
func (o *OP) scopes() []string {
	all := tokens.Scopes()
	for _, s := range o.c.Scopes {
		all = append(all, s.Name)
	}
	return all
}
