package idptest_test

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/idptest"
)

// atHash is OpenID Connect Core section 3.1.3.6 by hand, for RS256.
func atHash(w *wire) string {
	token, _ := w.tokens["access_token"].(string)
	h := sha256.Sum256([]byte(token))
	return base64.RawURLEncoding.EncodeToString(h[:16])
}

// lacks sees that the answer to a token request has no such member.
func lacks(name string) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool {
		_, ok := w.tokens[name]
		return w.token.status == 200 && !ok
	}
}

var answerQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Answers.PKCEOptional = true }, func(_ *testing.T, w *wire) bool {
		return w.noPKCE.Has("code") && w.meta["code_challenge_methods_supported"] != nil
	}},
	{func(q *idptest.Quirks) { q.Answers.NoPKCE = true }, func(_ *testing.T, w *wire) bool {
		return w.noPKCE.Has("code") && w.meta["code_challenge_methods_supported"] == nil
	}},
	{func(q *idptest.Quirks) { q.Answers.PKCERefused = true }, func(_ *testing.T, w *wire) bool {
		return w.noPKCE.Has("code") && w.back.Get("error") == "invalid_request"
	}},
	{func(q *idptest.Quirks) { q.Answers.FormPostOnly = true }, func(_ *testing.T, w *wire) bool {
		return strings.Contains(w.back.Get("error_description"), "form_post")
	}},
	{func(q *idptest.Quirks) { q.Answers.FormPost = true }, func(_ *testing.T, w *wire) bool {
		return w.authorize.status == 200 && strings.Contains(string(w.authorize.body), `<form method="post" action="http://site.example/callback">`) &&
			w.back.Get("state") == "the-state" && w.token.status == 200
	}},
	{func(q *idptest.Quirks) { q.Answers.SemicolonInQuery = true }, func(_ *testing.T, w *wire) bool { return strings.Contains(w.rawBack, "session_state=a;b&") }},
	{func(q *idptest.Quirks) { q.Answers.NoIssuer = true }, func(_ *testing.T, w *wire) bool {
		return !w.back.Has("iss") && w.meta["authorization_response_iss_parameter_supported"] == true
	}},
	{func(q *idptest.Quirks) { q.Answers.WrongIssuer = true }, func(_ *testing.T, w *wire) bool { return w.back.Get("iss") != w.idp.Issuer }},
	{func(q *idptest.Quirks) { q.Answers.WrongState = true }, func(_ *testing.T, w *wire) bool { return w.back.Get("state") != "the-state" }},
	{func(q *idptest.Quirks) { q.Answers.TokenType = "bearer" }, func(_ *testing.T, w *wire) bool { return w.tokens["token_type"] == "bearer" }},
	{func(q *idptest.Quirks) { q.Answers.NoExpiresIn = true }, lacks("expires_in")},
	{func(q *idptest.Quirks) { q.Answers.ExpiresInText = true }, func(_ *testing.T, w *wire) bool { return w.tokens["expires_in"] == "3600" }},
	{func(q *idptest.Quirks) { q.Answers.NoIDToken = true }, lacks("id_token")},
	{func(q *idptest.Quirks) { q.Answers.NullMembers = true }, func(_ *testing.T, w *wire) bool { return strings.Contains(string(w.token.body), `"error":null`) }},
	{func(q *idptest.Quirks) { q.Answers.RefreshAlways = true }, func(_ *testing.T, w *wire) bool { return w.tokens["refresh_token"] != nil }},
	{func(q *idptest.Quirks) { q.Answers.RefreshKept = true }, func(_ *testing.T, w *wire) bool {
		return w.refreshed["access_token"] != nil && w.refreshed["refresh_token"] == nil && w.again.status == 200
	}},
	{func(q *idptest.Quirks) { q.Answers.RefreshOnlyFirst = true }, func(_ *testing.T, w *wire) bool {
		return w.offline["refresh_token"] != nil && w.second["access_token"] != nil && w.second["refresh_token"] == nil
	}},
	{func(q *idptest.Quirks) { q.Answers.InvalidGrant = true }, func(_ *testing.T, w *wire) bool { return w.tokens["error"] == "invalid_grant" }},
	{func(q *idptest.Quirks) { q.Answers.RefreshNoIDToken = true }, func(_ *testing.T, w *wire) bool {
		return w.refreshed["access_token"] != nil && w.refreshed["id_token"] == nil
	}},
	{func(q *idptest.Quirks) { q.Answers.RefreshNonce = true }, func(t *testing.T, w *wire) bool {
		_, claims, _ := parts(t, w.refreshed["id_token"])
		return claims["nonce"] == "the-nonce"
	}},
	{func(q *idptest.Quirks) { q.Answers.RefreshOtherToken = true }, func(t *testing.T, w *wire) bool {
		_, claims, _ := parts(t, w.refreshed["id_token"])
		return claims["sub"] == "ada-another"
	}},
	{func(q *idptest.Quirks) { q.Answers.UserinfoWrongSubject = true }, func(_ *testing.T, w *wire) bool { return w.info["sub"] == "ada-another" }},
	{func(q *idptest.Quirks) { q.Answers.UserinfoJWT = true }, func(_ *testing.T, w *wire) bool {
		return w.userinfo.header.Get("Content-Type") == "application/jwt" && strings.Count(string(w.userinfo.body), ".") == 2
	}},
	{func(q *idptest.Quirks) { q.Answers.UserinfoText = `{"sub":null}` }, func(_ *testing.T, w *wire) bool { return string(w.userinfo.body) == `{"sub":null}` }},
}

// unnamed sees that discovery does not name an endpoint.
func unnamed(name string, gone func(*wire) answer) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool {
		return w.discovery.status == 200 && w.meta[name] == nil && (gone == nil || gone(w).status == 404)
	}
}

var endpointQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Endpoints.DiscoveryElsewhere = true }, func(t *testing.T, w *wire) bool {
		return w.idp.DiscoveryURL() != w.idp.Issuer+string(idptest.Discovery) && w.meta["issuer"] == w.idp.Issuer &&
			newPlain(t, w.idp).do("GET", w.idp.Issuer+string(idptest.Discovery), nil, nil).status == 404
	}},
	{func(q *idptest.Quirks) { q.Endpoints.Tenant = "contoso" }, func(_ *testing.T, w *wire) bool {
		return w.meta["issuer"] == w.idp.Template() && w.claims["iss"] == w.idp.Issuer+"/contoso/v2.0" && w.claims["tid"] == "contoso"
	}},
	{func(q *idptest.Quirks) { q.Endpoints.PostOnly = true }, func(_ *testing.T, w *wire) bool {
		return as(w.meta, "token_endpoint_auth_methods_supported") == `[]interface {}{"client_secret_post"}` && w.token.status == 401
	}},
	{func(q *idptest.Quirks) { q.Endpoints.PrivateKeyJWT = true }, func(_ *testing.T, w *wire) bool {
		return as(w.meta, "token_endpoint_auth_methods_supported") == `[]interface {}{"private_key_jwt"}` && w.token.status == 401
	}},
	{func(q *idptest.Quirks) { q.Endpoints.NoAuthMethods = true }, unnamed("token_endpoint_auth_methods_supported", nil)},
	{func(q *idptest.Quirks) { q.Endpoints.PARRequired = true }, func(_ *testing.T, w *wire) bool {
		return w.meta["require_pushed_authorization_requests"] == true && w.authorize.status == 400 && w.par.status == 201
	}},
	{func(q *idptest.Quirks) { q.Endpoints.NoPAR = true }, unnamed("pushed_authorization_request_endpoint", func(w *wire) answer { return w.par })},
	{func(q *idptest.Quirks) { q.Endpoints.NoUserinfo = true }, unnamed("userinfo_endpoint", func(w *wire) answer { return w.userinfo })},
	{func(q *idptest.Quirks) { q.Endpoints.UserinfoBody = true }, func(_ *testing.T, w *wire) bool {
		return w.userinfo.status == 405 && w.userinfo.header.Get("Allow") == "POST"
	}},
	{func(q *idptest.Quirks) { q.Endpoints.NoRevocation = true }, unnamed("revocation_endpoint", func(w *wire) answer { return w.revoke })},
	{func(q *idptest.Quirks) { q.Endpoints.NoEndSession = true }, unnamed("end_session_endpoint", func(w *wire) answer { return w.logout })},
	{func(q *idptest.Quirks) { q.Endpoints.NoJWKS = true }, unnamed("jwks_uri", nil)},
	{func(q *idptest.Quirks) { q.Endpoints.NoAuthorization = true }, func(_ *testing.T, w *wire) bool {
		return w.meta["authorization_endpoint"] == nil && w.meta["token_endpoint"] == nil && w.meta["jwks_uri"] != nil && !w.back.Has("code")
	}},
	{func(q *idptest.Quirks) {
		q.Endpoints.Edit = func(d map[string]any) { d["x"], d["issuer"] = 1, "https://edited.example" }
	}, func(_ *testing.T, w *wire) bool {
		return w.meta["x"] != nil && w.meta["issuer"] == "https://edited.example"
	}},
	{func(q *idptest.Quirks) { q.Endpoints.OddMembers = true }, func(_ *testing.T, w *wire) bool {
		_, object := w.meta["claims_supported"].(map[string]any)
		return object
	}},
	{func(q *idptest.Quirks) { q.Endpoints.WrongIssuer = true }, func(_ *testing.T, w *wire) bool { return w.meta["issuer"] != w.idp.Issuer }},
	{func(q *idptest.Quirks) { q.Faults = map[idptest.Endpoint]idptest.Fault{idptest.JWKS: {Status: 503}} }, func(_ *testing.T, w *wire) bool { return w.keys.status == 503 }},
}

// out sees a claim of the logout token as this text; "" is none.
func out(name, want string) func(*testing.T, *wire) bool {
	return func(_ *testing.T, w *wire) bool { return as(w.out, name) == want }
}

var logoutQuirks = []quirk{
	{func(q *idptest.Quirks) { q.Logout.Type = "JWT" }, func(_ *testing.T, w *wire) bool { return w.outHeader["typ"] == "JWT" }},
	{func(q *idptest.Quirks) { q.Logout.Unsigned = true }, func(_ *testing.T, w *wire) bool { return w.outHeader["alg"] == "none" && w.outSigned == "" }},
	{func(q *idptest.Quirks) { q.Logout.HMAC = true }, func(_ *testing.T, w *wire) bool { return w.outHeader["alg"] == "HS256" }},
	{func(q *idptest.Quirks) { q.Logout.NoEvent = true }, out("events", "")},
	{func(q *idptest.Quirks) { q.Logout.WrongEvent = true }, func(_ *testing.T, w *wire) bool {
		return !strings.Contains(as(w.out, "events"), "backchannel-logout") && as(w.out, "events") != ""
	}},
	{func(q *idptest.Quirks) { q.Logout.WithNonce = true }, func(_ *testing.T, w *wire) bool { return w.out["nonce"] != nil }},
	{func(q *idptest.Quirks) { q.Logout.WrongAudience = true }, out("aud", `"another-client"`)},
	{func(q *idptest.Quirks) { q.Logout.WrongIssuer = true }, func(_ *testing.T, w *wire) bool { return w.out["iss"] != w.idp.Issuer }},
	{func(q *idptest.Quirks) { q.Logout.NoSubject = true }, func(_ *testing.T, w *wire) bool { return w.out["sub"] == nil && w.out["sid"] == nil }},
	{func(q *idptest.Quirks) { q.Logout.NoTokenID = true }, out("jti", "")},
	{func(q *idptest.Quirks) { q.Logout.Expired = true }, out("exp", `"1899996400"`)},
}
