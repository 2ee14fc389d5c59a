package idptest

import "net/http"

// serveRevoke answers POST /revoke (RFC 7009 section 2). A refresh token ends the whole
// grant, an access token itself alone. An unknown token is no error.
func (p *Provider) serveRevoke(w http.ResponseWriter, r *http.Request, c *call) {
	if c.quirks.Endpoints.NoRevocation {
		http.NotFound(w, r)
		return
	}
	if !allow(w, r, http.MethodPost) {
		return
	}
	client, no := p.authenticate(r, c)
	if no != nil {
		no.write(w, http.StatusUnauthorized)
		return
	}
	token := c.form.Get("token")
	if token == "" {
		p.mistake(c, "invalid_request", "token is missing").write(w, http.StatusBadRequest)
		return
	}
	if g := p.refresh[token]; g != nil && g.client == client.ID {
		g.over = true
	}
	if a := p.access[token]; a != nil && a.client == client.ID {
		a.revoked = true
	}
	w.WriteHeader(http.StatusOK)
}
