package idptest

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// serveEndSession answers GET and POST /logout (RP-Initiated Logout 1.0 section 2): the
// person agrees at once.
func (p *Provider) serveEndSession(w http.ResponseWriter, r *http.Request, c *call) {
	if c.quirks.Endpoints.NoEndSession {
		http.NotFound(w, r)
		return
	}
	if !allow(w, r, http.MethodGet, http.MethodPost) {
		return
	}
	refuse := func(why string) { p.mistake(c, "invalid_request", why).write(w, http.StatusBadRequest) }
	id := c.form.Get("client_id")
	if hint := c.form.Get("id_token_hint"); hint != "" {
		audience, subject, ok := p.ownToken(hint)
		switch {
		case !ok:
			refuse("id_token_hint is no ID token of this provider")
			return
		case id != "" && !slices.Contains(audience, id):
			refuse("id_token_hint was made for another client than client_id")
			return
		case id == "" && len(audience) > 0:
			id = audience[0]
		}
		maps.DeleteFunc(p.sessions, func(s session, _ string) bool { return s.subject == subject })
	}
	to := c.form.Get("post_logout_redirect_uri")
	if to == "" {
		writeBody(w, http.StatusOK, "text/html; charset=utf-8", []byte("<!doctype html><title>Signed out</title><p>Signed out."))
		return
	}
	client, ok := p.clients[id]
	switch {
	case !ok:
		refuse("with post_logout_redirect_uri there must be an id_token_hint or the client_id of a client")
		return
	case client.PostLogoutRedirectURIs != nil && !slices.Contains(client.PostLogoutRedirectURIs, to):
		refuse("post_logout_redirect_uri is not one that the client registered, letter by letter")
		return
	}
	if s := c.form.Get("state"); s != "" {
		separator := "?"
		if strings.Contains(to, "?") {
			separator = "&"
		}
		to += separator + url.Values{"state": {s}}.Encode()
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// ownToken reads an ID token that this provider signed, which may have expired. Keys that
// were withdrawn count too: what they signed was an ID token all the same.
func (p *Provider) ownToken(token string) (audience []string, subject string, ok bool) {
	input, signature, _ := cutLast(token)
	for _, k := range p.all {
		if !k.verifies(input, signature) {
			continue
		}
		payload, _, err := jws.Inspect(token, maxBody)
		if err != nil {
			return nil, "", false
		}
		v, err := strictjson.Parse([]byte(payload), strictjson.Limits{MaxSize: maxBody})
		if err != nil {
			return nil, "", false
		}
		if audience, ok = v.Get("aud").Strings(); !ok {
			one, _ := v.Get("aud").Text()
			audience = []string{one}
		}
		subject, _ = v.Get("sub").Text()
		return audience, subject, true
	}
	return nil, "", false
}
