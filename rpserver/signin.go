package rpserver

import (
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// finish turns an ID token into a session and returns whose it is, and whether
// that person is new. Every way of signing in ends here; what the nonce was made for
// and how the answer looks is the caller's.
//
// The nonce is used up after the token was judged and found good, and before
// anything is created:
//   - not earlier, or a request with a made-up or expired token could use up the
//     nonce of a sign-in that is under way;
//   - not later, or two requests with one token could both create a session
//     before either finds the nonce used. Judging a token twice costs only time;
//     taking its nonce succeeds once (NonceStore.UseNonce).
//
// To use up somebody's nonce one so needs a token signed for it and the cookie of
// the browser that it belongs to, and who has both is that browser. If a later
// step fails, the nonce is gone and the person starts again: the safe side.
func (rp *RP) finish(w http.ResponseWriter, r *http.Request, p *provider, f sealedFor, token string) (*User, bool, error) {
	browser, ok := rp.browserOf(r)
	if !ok {
		return nil, false, errBrowserUnknown
	}
	now := rp.now()
	id, err := rp.judge(r, p, f, token, browser, now)
	if err != nil {
		return nil, false, err
	}
	u, created, err := rp.users.SignIn(r.Context(), identityOf(p, id), now)
	if err != nil {
		return nil, false, err
	}
	if err := rp.sessions.SignIn(w, r, u.ID); err != nil {
		return nil, false, err
	}
	rp.log.InfoContext(r.Context(), "relying party: signed in", "issuer", p.Issuer, "user", u.ID, "new", created)
	return u, created, nil
}

// judge checks a token with the provider's keys and, last, takes its nonce.
func (rp *RP) judge(r *http.Request, p *provider, f sealedFor, token, browser string, now time.Time) (*oidc.IDToken, error) {
	ctx := r.Context()
	take := func(nonce string) error { return rp.takeNonce(ctx, f, nonce, browser, now) }
	id, err := jwks.Judge(ctx, p.keys, p.Issuer, errKeyUnknown, func(keys *jws.KeySet) (*oidc.IDToken, error) {
		return oidc.Verify(token, p.config(keys, take), now)
	})
	var unavailable *jwks.Unavailable
	if errors.As(err, &unavailable) {
		return nil, rp.keysUnavailable(r, p, err)
	}
	var refused *oidc.Error
	if errors.As(err, &refused) {
		return nil, web.NewProblem(http.StatusForbidden, refused.Code, "The ID token was refused: "+refused.Message+".")
	}
	return id, err
}

var errKeyUnknown = &oidc.Error{Code: jws.CodeKeyUnknown}

func identityOf(p *provider, t *oidc.IDToken) Identity {
	return Identity{
		Issuer:        p.Issuer, // an alias must not make a second user
		Subject:       t.Subject,
		Email:         t.Email,
		EmailVerified: t.EmailVerified,
		HostedDomain:  t.HostedDomain,
		Name:          t.Name,
		GivenName:     t.GivenName,
		FamilyName:    t.FamilyName,
		Picture:       t.Picture,
		Locale:        t.Locale,
	}
}
