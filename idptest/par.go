package idptest

import (
	"maps"
	"net/http"
	"net/url"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
)

// pushed is an authorization request that came ahead of the browser.
type pushed struct {
	form    url.Values
	expires time.Time
}

const (
	requestURIPrefix   = "urn:ietf:params:oauth:request_uri:"
	requestURILifetime = time.Minute
)

// servePAR answers POST /par (RFC 9126 section 2).
func (p *Provider) servePAR(w http.ResponseWriter, r *http.Request, c *call) {
	if c.quirks.Endpoints.NoPAR {
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
	form := maps.Clone(c.form)
	if form.Has("request_uri") {
		p.mistake(c, "invalid_request", "a request that is pushed has no request_uri (RFC 9126 section 2.1)").write(w, http.StatusBadRequest)
		return
	}
	form.Set("client_id", client.ID)
	if no := p.judgeRequest(c, form); no != nil {
		no.write(w, http.StatusBadRequest)
		return
	}
	uri := requestURIPrefix + secret.New()
	p.pushed[uri] = pushed{form, p.now().Add(requestURILifetime)}
	writeJSON(w, http.StatusCreated, map[string]any{"request_uri": uri, "expires_in": int(requestURILifetime.Seconds())})
}

// pushedForm is the request that the browser brought, or the pushed one that it names,
// which is good once.
func (p *Provider) pushedForm(c *call) (url.Values, *oauthError) {
	uri := c.form.Get("request_uri")
	if uri == "" {
		if c.quirks.Endpoints.PARRequired {
			return nil, p.mistake(c, "invalid_request", "this provider takes pushed authorization requests alone (RFC 9126)")
		}
		return c.form, nil
	}
	got, ok := p.pushed[uri]
	delete(p.pushed, uri)
	if !ok || !p.now().Before(got.expires) || got.form.Get("client_id") != c.form.Get("client_id") {
		return nil, p.mistake(c, "invalid_request", "request_uri is unknown, was used, has expired or is another client's")
	}
	return got.form, nil
}
