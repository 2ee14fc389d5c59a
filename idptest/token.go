package idptest

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// access is an access token.
type access struct {
	*grant
	expires time.Time
	revoked bool // by itself
}

const accessLifetime = time.Hour

// serveToken answers POST /token (RFC 6749 sections 4.1.3 and 6).
func (p *Provider) serveToken(w http.ResponseWriter, r *http.Request, c *call) {
	if !allow(w, r, http.MethodPost) {
		return
	}
	w.Header().Set("Pragma", "no-cache")
	client, no := p.authenticate(r, c)
	if no != nil {
		w.Header().Set("WWW-Authenticate", `Basic realm="token"`)
		no.write(w, http.StatusUnauthorized)
		return
	}
	if c.quirks.Answers.InvalidGrant {
		(&oauthError{"invalid_grant", "the test wants it so"}).write(w, http.StatusBadRequest)
		return
	}
	var answer map[string]any
	switch c.form.Get("grant_type") {
	case "authorization_code":
		answer, no = p.exchange(c, client)
	case "refresh_token":
		answer, no = p.refreshed(c, client)
	default:
		no = p.mistake(c, "unsupported_grant_type", "grant_type must be authorization_code or refresh_token")
	}
	if no != nil {
		no.write(w, http.StatusBadRequest)
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

// exchange gives tokens for a code.
func (p *Provider) exchange(c *call, client Client) (map[string]any, *oauthError) {
	no := func(why string) (map[string]any, *oauthError) { return nil, p.mistake(c, "invalid_grant", why) }
	g := p.codes[c.form.Get("code")]
	verifier := c.form.Get("code_verifier")
	switch {
	case g == nil || g.client != client.ID:
		return no("the code is unknown or another client's")
	case g.used:
		g.over = true // section 4.1.2: what it gave ends too
		return no("the code was used before")
	case !p.now().Before(g.expires):
		return nil, &oauthError{"invalid_grant", "the code is older than a minute"} // a slow person is no mistake
	}
	g.used = true // also by a request that is refused: a code is not to be tried
	switch {
	case c.form.Get("redirect_uri") != g.redirectURI:
		return no("redirect_uri is not the one of the authorization request, letter by letter")
	case g.challenge != "" && oidc.CheckVerifier(verifier, g.challenge) != nil:
		return no("code_verifier is missing or does not belong to the code_challenge (RFC 7636 section 4.6)")
	case g.challenge == "" && verifier != "" && !c.quirks.Answers.NoPKCE:
		return no("there is a code_verifier, and the authorization request had no code_challenge")
	}
	again := g.client + " " + g.person.Subject
	offline := (g.offline || c.quirks.Answers.RefreshAlways) && !(c.quirks.Answers.RefreshOnlyFirst && p.before[again])
	answer := p.tokens(c, g, g.nonce)
	if offline {
		p.before[again] = true
		p.newRefreshToken(answer, g)
	}
	return answer, nil
}

func (p *Provider) newRefreshToken(answer map[string]any, g *grant) {
	token := secret.New()
	p.refresh[token] = g
	answer["refresh_token"] = token
}

// refreshed gives new tokens for a refresh token, which is good once: using an old one
// again ends them all (RFC 9700 section 4.14.2).
func (p *Provider) refreshed(c *call, client Client) (map[string]any, *oauthError) {
	no := func(code, why string) (map[string]any, *oauthError) { return nil, p.mistake(c, code, why) }
	token := c.form.Get("refresh_token")
	g, ok := p.refresh[token]
	switch {
	case !ok || g.client != client.ID:
		return no("invalid_grant", "the refresh token is unknown or another client's")
	case g.over:
		return nil, &oauthError{"invalid_grant", "the refresh token was revoked"}
	case p.spent[token]:
		g.over = true
		return no("invalid_grant", "the refresh token was used before: all that came of this sign-in has ended")
	}
	for _, s := range strings.Fields(c.form.Get("scope")) {
		if !slices.Contains(g.scopes, s) {
			return no("invalid_scope", "refreshing asks for a scope that the person did not grant")
		}
	}
	nonce := ""
	if c.quirks.Answers.RefreshNonce {
		nonce = g.nonce
	}
	answer := p.tokens(c, g, nonce)
	if c.quirks.Answers.RefreshNoIDToken {
		delete(answer, "id_token")
	}
	if c.quirks.Answers.RefreshOtherToken {
		other := *g
		other.person.Subject += "-another"
		answer["id_token"] = p.idToken(&other, "", answer["access_token"].(string), nil)
	}
	if !c.quirks.Answers.RefreshKept {
		p.spent[token] = true
		p.newRefreshToken(answer, g)
	}
	return answer, nil
}

// tokens is the answer to a token request that was good (RFC 6749 section 5.1).
func (p *Provider) tokens(c *call, g *grant, nonce string) map[string]any {
	a := c.quirks.Answers
	token := secret.New()
	p.access[token] = &access{grant: g, expires: p.now().Add(accessLifetime)}
	answer := map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(accessLifetime.Seconds()),
		"scope": strings.Join(g.scopes, " "), "id_token": p.idToken(g, nonce, token, nil),
	}
	if a.TokenType != "" {
		answer["token_type"] = a.TokenType
	}
	if a.NoExpiresIn {
		delete(answer, "expires_in")
	}
	if a.ExpiresInText {
		answer["expires_in"] = "3600"
	}
	if a.NoIDToken {
		delete(answer, "id_token")
	}
	if a.NullMembers {
		answer["refresh_token"], answer["scope"], answer["error"] = nil, nil, nil
	}
	return answer
}
