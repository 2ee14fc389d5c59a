package idptest

import (
	"crypto/subtle"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Client is a registered relying party.
type Client struct {
	ID     string
	Secret string // empty: a public client, or one with Keys

	// Keys are the client's public keys, a JWK set, for private_key_jwt (OpenID Connect
	// Core section 9).
	Keys []byte

	// RedirectURIs are compared as text. Nil accepts any: a test's site has a new port
	// each time. The token request must name the one of the authorization request still.
	RedirectURIs []string

	// PostLogoutRedirectURIs are compared as text. Nil accepts any.
	PostLogoutRedirectURIs []string

	// BackChannelLogoutURI is where BackChannelLogout sends a token for this client. The
	// first client needs none.
	BackChannelLogoutURI string

	// AuthMethod is the one way in which the client may authenticate: client_secret_basic,
	// client_secret_post, private_key_jwt or none. Empty: whatever it has is good.
	AuthMethod string
}

// Register adds a client or replaces the one of that ID.
func (p *Provider) Register(c Client) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[c.ID] = c
}

// authenticate finds the client of a request to the token, PAR or revocation endpoint.
func (p *Provider) authenticate(r *http.Request, c *call) (Client, *oauthError) {
	no := func(why string) (Client, *oauthError) { return Client{}, p.mistake(c, "invalid_client", why) }
	method, id, secret := authOf(r, c.form), c.form.Get("client_id"), c.form.Get("client_secret")
	if method == "client_secret_basic" {
		if c.form.Has("client_secret") || c.form.Has("client_assertion") {
			return no("the client authenticates in two ways at once")
		}
		user, password, _ := r.BasicAuth()
		var err1, err2 error
		// Both halves are form-encoded first (RFC 6749 section 2.3.1).
		user, err1 = url.QueryUnescape(user)
		secret, err2 = url.QueryUnescape(password)
		if err1 != nil || err2 != nil {
			return no("id and secret must be form-encoded before Basic (RFC 6749 section 2.3.1)")
		}
		if id != "" && id != user {
			return no("client_id is not the one that authenticates")
		}
		id = user
	}
	if method == "private_key_jwt" {
		claimed, why := p.judgeAssertion(c.form)
		if why != "" {
			return no(why)
		}
		id = claimed
	}
	client, ok := p.clients[id]
	allowed := c.quirks.authMethods()
	switch {
	case !ok:
		return no("no client has this client_id")
	case !slices.Contains(allowed, method):
		return no("the provider does not take " + method)
	case client.AuthMethod != "" && client.AuthMethod != method:
		return no("this client is registered for " + client.AuthMethod + ", not " + method)
	case method == "none" && (client.Secret != "" || client.Keys != nil):
		return no("the client did not authenticate")
	case method == "client_secret_basic" || method == "client_secret_post":
		if client.Secret == "" || subtle.ConstantTimeCompare([]byte(client.Secret), []byte(secret)) != 1 {
			return no("the client secret is wrong")
		}
	}
	return client, nil
}

// judgeAssertion holds a client assertion to RFC 7523 section 3 and returns whose it is.
func (p *Provider) judgeAssertion(form url.Values) (id, why string) {
	token := form.Get("client_assertion")
	if form.Get("client_assertion_type") != "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
		return "", "client_assertion_type is not that of a JWT (RFC 7523 section 2.2)"
	}
	payload, _, err := jws.Inspect(token, 16<<10)
	if err != nil {
		return "", "client_assertion is not a JWS: " + err.Error()
	}
	v, err := strictjson.Parse([]byte(payload), strictjson.Limits{MaxSize: 16 << 10})
	if err != nil || v.Kind() != strictjson.Object {
		return "", "the claims of client_assertion are not a JSON object"
	}
	text := func(name string) string { s, _ := v.Get(name).Text(); return s }
	id = text("iss")
	keys, err := jws.ParseKeySet(p.clients[id].Keys)
	if err != nil {
		return "", "the client of the assertion's iss is registered without keys"
	}
	if _, err := jws.Verify(token, keys, jws.Policy{Types: []string{"JWT"}, AllowNoType: true}); err != nil {
		return "", "the signature of client_assertion: " + err.Error()
	}
	exp, ok := v.Get("exp").Int()
	jti := text("jti")
	audiences := []string{p.Issuer, p.Issuer + string(Token), p.Issuer + string(PAR)}
	aud, single := v.Get("aud").Text()
	if !single {
		several, _ := v.Get("aud").Strings()
		if i := slices.IndexFunc(several, func(s string) bool { return slices.Contains(audiences, s) }); i >= 0 {
			aud = several[i]
		}
	}
	switch {
	case text("sub") != id:
		return "", "sub of client_assertion is not its iss"
	case !slices.Contains(audiences, aud):
		return "", "aud of client_assertion is neither the issuer nor the endpoint"
	case !ok || !p.now().Before(time.Unix(exp, 0)):
		return "", "client_assertion has expired"
	case jti == "" || p.jti[id+" "+jti]:
		return "", "jti of client_assertion is missing or was used before"
	}
	p.jti[id+" "+jti] = true
	return id, ""
}
