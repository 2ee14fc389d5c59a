package provider_test

import (
	"slices"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/rpserver/provider"
)

const (
	tenantID  = "72f988bf-86f1-41af-91ab-2d7cd011db47"
	another   = "9188040d-6c67-4c5b-b112-36a304b66dad"
	adaAsEver = "Ada Lovelace <ada@example.test>"
)

// Each preset against a provider that does what that provider does. Without any of the
// settings that a preset has for it the sign-in is refused, see the table in rpserver.
func TestEntra(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
		Token:     idptest.TokenQuirks{Groups: 400, EmailVerifiedNever: true},
		Keys:      idptest.KeyQuirks{NoAlgorithm: true},
		Endpoints: idptest.EndpointQuirks{NoRevocation: true, NoPAR: true},
		Answers:   idptest.AnswerQuirks{NoIssuer: true, PKCEOptional: true},
	}))
	idp.Quirk(func(q *idptest.Quirks) { q.Endpoints.Edit = entraDocument })
	p := provider.Entra(tenantID, idp.ClientID, idp.ClientSecret)
	if p.Issuer != "https://login.microsoftonline.com/"+tenantID+"/v2.0" {
		t.Errorf("Issuer %s", p.Issuer)
	}
	newSite(t, idp, p, issuer(idp)).as(adaAsEver)
	newSite(t, idp, p, issuer(idp), func(p *rpserver.Provider) { p.MaxIDToken = 0 }).refused("provider_answer_too_large", "MaxIDToken")
}

// entraDocument leaves of a document what Entra's has: no code_challenge_methods_supported,
// no iss in answers.
func entraDocument(d map[string]any) {
	delete(d, "code_challenge_methods_supported")
	delete(d, "authorization_response_iss_parameter_supported")
	delete(d, "backchannel_logout_supported")
	delete(d, "backchannel_logout_session_supported")
	d["response_modes_supported"] = []string{"query", "fragment", "form_post"}
	d["response_types_supported"] = []string{"code", "id_token", "code id_token", "id_token token"}
	d["subject_types_supported"] = []string{"pairwise"}
	d["token_endpoint_auth_methods_supported"] = []string{"client_secret_post", "private_key_jwt", "client_secret_basic"}
	d["request_uri_parameter_supported"] = false
}

func TestEntraTenants(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{Endpoints: idptest.EndpointQuirks{Tenant: tenantID, Edit: entraDocument}}))
	here := func(p *rpserver.Provider) { p.Issuer, p.DiscoveryURL = idp.Template(), idp.DiscoveryURL() }
	newSite(t, idp, provider.EntraTenants([]string{another, tenantID}, idp.ClientID, idp.ClientSecret), here).as(adaAsEver)
	newSite(t, idp, provider.EntraTenants([]string{another}, idp.ClientID, idp.ClientSecret), here).refused("iss_mismatch", "Tenants")

	// A tenant that signs with the key of all says in iss that it is another.
	idp.Quirk(func(q *idptest.Quirks) {
		q.Token.Edit = func(_, claims map[string]any) { claims["tid"] = another }
	})
	newSite(t, idp, provider.EntraTenants([]string{another, tenantID}, idp.ClientID, idp.ClientSecret), here).refused("tid_mismatch", "")
	p := provider.EntraTenants([]string{tenantID}, "id", "secret")
	if p.Issuer != "https://login.microsoftonline.com/{tenantid}/v2.0" || p.DiscoveryURL != "https://login.microsoftonline.com/common/v2.0/.well-known/openid-configuration" {
		t.Errorf("%+v", p)
	}
}

func TestAzureB2C(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
		Token:     idptest.TokenQuirks{NoAccessTokenHash: true, EmailVerifiedNever: true},
		Keys:      idptest.KeyQuirks{NoAlgorithm: true},
		Endpoints: idptest.EndpointQuirks{DiscoveryElsewhere: true, NoUserinfo: true, NoRevocation: true, NoPAR: true},
		Answers:   idptest.AnswerQuirks{NoIssuer: true},
	}))
	idp.Quirk(func(q *idptest.Quirks) { q.Endpoints.Edit = entraDocument })
	p := provider.AzureB2C("contoso", tenantID, "B2C_1_signin", idp.ClientID, idp.ClientSecret)
	if p.Issuer != "https://contoso.b2clogin.com/"+tenantID+"/v2.0/" ||
		p.DiscoveryURL != "https://contoso.b2clogin.com/contoso.onmicrosoft.com/B2C_1_signin/v2.0/.well-known/openid-configuration" {
		t.Errorf("%s %s", p.Issuer, p.DiscoveryURL)
	}
	newSite(t, idp, p, elsewhere(idp)).as("Ada Lovelace <>")
	newSite(t, idp, p, elsewhere(idp), func(p *rpserver.Provider) { p.DiscoveryURL = "" }).refused("provider_unreachable", "discovery")
}

func TestZitadel(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
		Token: idptest.TokenQuirks{ExtraAudiences: []string{"221395283810934786", "another-client"}, Thin: true},
	}))
	newSite(t, idp, provider.Zitadel(idp.Issuer, idp.ClientID, idp.ClientSecret, "221395283810934786", "another-client")).as(adaAsEver)
	// A client that was added to the project since.
	newSite(t, idp, provider.Zitadel(idp.Issuer, idp.ClientID, idp.ClientSecret, "221395283810934786")).refused("aud_untrusted", "TrustedAudiences")
}

func TestLinkedIn(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
		Token:     idptest.TokenQuirks{NoNonce: true, NoType: true},
		Endpoints: idptest.EndpointQuirks{PostOnly: true, NoAuthMethods: true, NoPAR: true, NoRevocation: true, NoEndSession: true},
		Answers:   idptest.AnswerQuirks{PKCERefused: true, NoIssuer: true},
	}))
	idp.Quirk(func(q *idptest.Quirks) {
		q.Endpoints.Edit = func(d map[string]any) { delete(d, "authorization_response_iss_parameter_supported") }
	})
	p := provider.LinkedIn(idp.ClientID, idp.ClientSecret)
	if p.Issuer != "https://www.linkedin.com/oauth" {
		t.Errorf("Issuer %s", p.Issuer)
	}
	newSite(t, idp, p, issuer(idp)).as(adaAsEver)
	for code, c := range map[string]struct {
		without func(*rpserver.Provider)
		setting string
	}{
		"nonce_missing":            {func(p *rpserver.Provider) { p.InsecureNoNonce = false }, "InsecureNoNonce"},
		"provider_invalid_request": {func(p *rpserver.Provider) { p.InsecureNoPKCE = false }, "InsecureNoPKCE"},
		"client_refused":           {func(p *rpserver.Provider) { p.TokenAuth = "" }, "TokenAuth"},
	} {
		newSite(t, idp, p, issuer(idp), c.without).refused(code, c.setting)
	}
}

func TestUAA(t *testing.T) {
	idp := idptest.New(t, idptest.WithQuirks(idptest.Quirks{
		Token:     idptest.TokenQuirks{KeyHints: true, Thin: true},
		Keys:      idptest.KeyQuirks{SignedNumbers: true},
		Endpoints: idptest.EndpointQuirks{DiscoveryElsewhere: true, NoPAR: true},
		Answers:   idptest.AnswerQuirks{TokenType: "bearer"},
	}))
	p := provider.UAA("https://uaa.example/", idp.ClientID, idp.ClientSecret)
	if p.Issuer != "https://uaa.example/oauth/token" || p.DiscoveryURL != "https://uaa.example/.well-known/openid-configuration" {
		t.Errorf("%s %s", p.Issuer, p.DiscoveryURL)
	}
	s := newSite(t, idp, p, elsewhere(idp))
	s.as(" <>") // idptest says a name to those that ask for the scope profile alone
	if scope := s.request(idptest.Authorization).Get("scope"); scope != "openid" {
		t.Errorf("scope %q", scope)
	}
	if idp.Count(idptest.Userinfo) != 1 {
		t.Error("userinfo was not asked")
	}
	if slices.ContainsFunc(idp.Requests(), func(r idptest.Request) bool { return r.Path == "/certificate" }) {
		t.Error("a hint was followed")
	}
	newSite(t, idp, p, elsewhere(idp), func(p *rpserver.Provider) { p.IgnoreKeyHints = false }).refused("header_forbidden", "IgnoreKeyHints")
}
