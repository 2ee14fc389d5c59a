package people

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/secret"
)

// A cookie is one of the four. A session of one kind is unknown under the other,
// which is what makes each cookie useless in the other's place. A session holds one
// thing, for the first two the browser's name; the store has it under the hash of the cookie's token.
type cookie struct {
	kind, name string
	site       http.SameSite
	secure     bool
}

func cookies(issuer string) (page, fedcm, device, signUp cookie) {
	secure := strings.HasPrefix(issuer, "https:")
	prefix := ""
	if secure {
		prefix = "__Host-" // RFC 6265bis section 4.1.3.2: this host set it, over https
	}
	// WebKit drops Secure cookies on http://localhost, so pages and popups on
	// loopback need one without; elsewhere there is no http. Browsers keep
	// SameSite=None with Secure alone.
	return cookie{"page", prefix + "bonafides-idp", http.SameSiteLaxMode, secure},
		cookie{"fedcm", prefix + "bonafides-idp-fedcm", http.SameSiteNoneMode, true},
		cookie{"device", prefix + "bonafides-idp-device", http.SameSiteLaxMode, secure},
		cookie{"signup", prefix + "bonafides-idp-signup", http.SameSiteLaxMode, secure}
}

func hashToken(token string) string {
	sum := secret.Hash(token)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// token is the session token that came with r, or "". A name that came twice is no
// session: whoever can set cookies of a sibling domain could add one.
func (c cookie) token(r *http.Request) string {
	found := r.CookiesNamed(c.name)
	if len(found) != 1 || !secret.Is(found[0].Value) {
		return ""
	}
	return found[0].Value
}

// browser is the name of the browser that sent the cookie, or "", also for one that
// was not used for too long.
func (p *People) browser(r *http.Request, c cookie) (string, error) {
	token := c.token(r)
	if token == "" {
		return "", nil
	}
	name, err := p.c.Store.FindSession(r.Context(), c.kind, hashToken(token), p.c.Now())
	if errors.Is(err, directory.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if seen, err := p.seen(r.Context(), string(name)); err != nil || !seen {
		return "", err
	}
	return string(name), nil
}

// give begins a session with a new token.
func (p *People) give(ctx context.Context, w http.ResponseWriter, c cookie, data string, lasts time.Duration) error {
	token := secret.New()
	err := p.c.Store.CommitSession(ctx, c.kind, hashToken(token), []byte(data), p.c.Now().Add(lasts))
	if err != nil {
		return err
	}
	c.set(w, token, int(lasts/time.Second))
	return nil
}

// forget ends the session that came with r, if one did.
func (p *People) forget(r *http.Request, c cookie) error {
	token := c.token(r)
	if token == "" {
		return nil
	}
	return p.c.Store.DeleteSession(r.Context(), c.kind, hashToken(token))
}

func (c cookie) take(w http.ResponseWriter) { c.set(w, "", -1) }

func (c cookie) set(w http.ResponseWriter, token string, seconds int) {
	http.SetCookie(w, &http.Cookie{Name: c.name, Value: token, Path: "/", MaxAge: seconds,
		HttpOnly: true, Secure: c.secure, SameSite: c.site})
}
