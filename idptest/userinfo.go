package idptest

import "net/http"

// serveUserinfo answers GET and POST /userinfo (OpenID Connect Core section 5.3). The
// token comes in the header, or in a POST's form (RFC 6750 section 2.2).
func (p *Provider) serveUserinfo(w http.ResponseWriter, r *http.Request, c *call) {
	if c.quirks.Endpoints.NoUserinfo {
		http.NotFound(w, r)
		return
	}
	methods := []string{http.MethodPost, http.MethodGet}
	if c.quirks.Endpoints.UserinfoBody {
		methods = methods[:1]
	}
	if !allow(w, r, methods...) {
		return
	}
	token := bearer(r)
	if token == "" && r.Method == http.MethodPost {
		token = c.form.Get("access_token")
	}
	a := p.access[token]
	var no *oauthError
	switch {
	case a == nil:
		no = p.mistake(c, "invalid_token", "the access token is missing or unknown")
	case a.over || a.revoked || !p.now().Before(a.expires): // which clients find out by trying
		no = &oauthError{"invalid_token", "the access token was revoked or has expired"}
	}
	if no != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		no.write(w, http.StatusUnauthorized)
		return
	}
	claims := a.person.claims(a.scopes)
	c.quirks.Token.profile(claims)
	claims["sub"] = a.person.Subject
	q := c.quirks.Answers
	if q.UserinfoWrongSubject {
		claims["sub"] = a.person.Subject + "-another"
	}
	switch {
	case q.UserinfoText != "":
		writeBody(w, http.StatusOK, "application/json", []byte(q.UserinfoText))
	case q.UserinfoJWT: // section 5.3.2: signed, with iss and aud
		claims["iss"], claims["aud"] = p.issuer(), a.client
		k := p.signer()
		token := p.write(k, map[string]any{"alg": string(k.alg), "kid": k.kid}, mustJSON(claims), false, false, false)
		writeBody(w, http.StatusOK, "application/jwt", []byte(token))
	default:
		writeBody(w, http.StatusOK, "application/json", c.quirks.Token.json(claims))
	}
}
