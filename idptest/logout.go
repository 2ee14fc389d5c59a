package idptest

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
)

const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// session is where a person signed in. Each site has a session of its own, as in a browser
// that goes to one after the other.
type session struct{ client, subject string }

// LogoutToken writes a logout token for the first client (Back-Channel Logout 1.0 section
// 2.4): sub is the person, sid the newest session in which the person signed in, if there
// is one. Without sid the token is about all of the person's sessions. change may be nil, and
// must not call the provider.
func (p *Provider) LogoutToken(who Person, change func(header, claims map[string]any)) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.logoutToken(p.ClientID, who, change)
}

func (p *Provider) logoutToken(client string, who Person, change func(header, claims map[string]any)) string {
	q, now, k := p.quirks.Logout, p.now(), p.signer()
	header := map[string]any{"alg": string(k.alg), "kid": k.kid, "typ": "logout+jwt"}
	claims := map[string]any{
		"iss": p.issuer(), "aud": client, "iat": now.Unix(), "exp": now.Add(2 * time.Minute).Unix(),
		"jti": secret.New(), "sub": who.Subject, "events": map[string]any{logoutEvent: map[string]any{}},
	}
	if sid := p.sessions[session{client, who.Subject}]; sid != "" {
		claims["sid"] = sid
	}
	if q.Type != "" {
		header["typ"] = q.Type
	}
	for _, one := range []struct {
		on    bool
		name  string
		value any // nil takes the claim away
	}{
		{q.NoEvent, "events", nil},
		{q.WrongEvent, "events", map[string]any{"http://schemas.openid.net/event/another": map[string]any{}}},
		{q.WithNonce, "nonce", secret.New()},
		{q.WrongAudience, "aud", "another-client"},
		{q.WrongIssuer, "iss", wrongIssuer},
		{q.NoSubject, "sub", nil},
		{q.NoSubject, "sid", nil},
		{q.NoTokenID, "jti", nil},
		{q.Expired, "exp", now.Add(-time.Hour).Unix()},
	} {
		switch {
		case one.on && one.value == nil:
			delete(claims, one.name)
		case one.on:
			claims[one.name] = one.value
		}
	}
	if change != nil {
		change(header, claims)
	}
	return p.write(k, header, mustJSON(claims), q.Unsigned, q.HMAC, false)
}

// BackChannelLogout ends the newest session of a person at a relying party: it posts a
// logout token to uri (section 2.5), for the client that has registered it as its
// BackChannelLogoutURI, and else for the first client. The error tells the status if the
// relying party did not agree (section 2.8: 200, and 204 is taken too).
func (p *Provider) BackChannelLogout(ctx context.Context, uri string, who Person) error {
	form := url.Values{"logout_token": {p.logoutTokenTo(uri, who)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, uri, strings.NewReader(form.Encode()))
	if err != nil {
		return fmt.Errorf("idptest: %w", err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	res, err := p.server.Client().Do(r)
	if err != nil {
		return fmt.Errorf("idptest: %w", err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK && res.StatusCode != http.StatusNoContent {
		body, _ := readAll(res.Body)
		return fmt.Errorf("idptest: the relying party answered the logout token with %d: %s", res.StatusCode, body)
	}
	return nil
}

func (p *Provider) logoutTokenTo(uri string, who Person) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	client := p.ClientID
	for id, c := range p.clients {
		if c.BackChannelLogoutURI == uri {
			client = id
		}
	}
	return p.logoutToken(client, who, nil)
}
