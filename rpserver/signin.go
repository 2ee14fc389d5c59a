package rpserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// brought is what a way of signing in ends with.
type brought struct {
	token     string
	nonceFor  sealedFor         // what the nonce in it was made for
	cookie    browserCookie     // that it is bound to
	answer    *oidc.TokenAnswer // what came with the token; nil: it came alone
	automatic bool              // the browser chose the account without asking
	why       purpose           // of the code flow
}

// finish turns an ID token into a session and returns whose it is, and whether
// that person is new. Every way of signing in ends here; how the answer looks is the
// caller's.
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
func (rp *RP) finish(w http.ResponseWriter, r *http.Request, p *provider, b brought) (*User, bool, error) {
	browser, ok := rp.browserOf(r, b.cookie)
	if !ok {
		return nil, false, errBrowserUnknown
	}
	now := rp.now()
	id, err := rp.judge(r, p, b, browser, now)
	if err != nil {
		return nil, false, err
	}
	person, err := rp.personOf(r, p, id, b.answer)
	if err != nil {
		return nil, false, err
	}
	if b.why.label == labelLink {
		return nil, false, rp.link(r, b.why.signIn, person, now)
	}
	if err := rp.confirmed(p, id, person, b.why); err != nil {
		return nil, false, err
	}
	u, created, err := rp.users.SignIn(r.Context(), person, now)
	if err != nil {
		return nil, false, err
	}
	before, _ := rp.sessions.SignInID(r)
	s, err := rp.addSignIn(r.Context(), p, u, id, person, b, before, now)
	if err != nil {
		return nil, false, err
	}
	if err := rp.sessions.SignIn(w, r, s); err != nil {
		return nil, false, err
	}
	rp.endReplaced(r.Context(), before, now)
	rp.sweepSignIns(r.Context(), now)
	rp.log.InfoContext(r.Context(), "relying party: signed in", "issuer", person.Issuer, "user", u.ID, "new", created)
	return u, created, nil
}

// addSignIn keeps the row that the session points to, in the place of the one before.
func (rp *RP) addSignIn(ctx context.Context, p *provider, u *User, id *oidc.IDToken, person Identity, b brought, before string, now time.Time) (*SignIn, error) {
	s := &SignIn{
		ID: secret.New(), UserID: u.ID, Provider: p.Name,
		Issuer: person.Issuer, Subject: person.Subject, SessionID: sessionOf(id.SessionID),
		Created: now, Expires: now.Add(rp.signInLifetime), Automatic: b.automatic,
	}
	if id.AuthTime > 0 { // one that is ahead must not keep a sign-in fresh for longer
		s.AuthTime = time.Unix(min(id.AuthTime, now.Unix()), 0)
	}
	kept := keptTokens{IDToken: b.token}
	if b.answer != nil {
		kept = kept.with(b.answer, now)
	}
	if p.Offline && kept.Refresh == "" && before != "" {
		kept.Refresh = rp.refreshOf(ctx, before, s)
	}
	var err error
	if s.Tokens, err = rp.sealTokens(s.ID, kept); err != nil {
		return nil, err
	}
	if err := rp.signIns.AddSignIn(ctx, *s); err != nil {
		return nil, err
	}
	return s, nil
}

// endReplaced ends the sign-in that this browser's session belonged to before. If
// that fails, it ends when it expires: no session leads to it any more.
func (rp *RP) endReplaced(ctx context.Context, id string, now time.Time) {
	if id == "" {
		return
	}
	if _, err := rp.signIns.EndSignIns(ctx, SignInsWhere{ID: id}, now); err != nil {
		rp.log.WarnContext(ctx, "relying party: the sign-in before was not ended", "error", err)
	}
}

// judge checks a token with the provider's keys and, last, takes its nonce.
func (rp *RP) judge(r *http.Request, p *provider, b brought, browser string, now time.Time) (*oidc.IDToken, error) {
	ctx := r.Context()
	take := func(nonce string) error { return rp.takeNonce(ctx, b.nonceFor, nonce, browser, now) }
	algorithms, err := p.algorithms(ctx)
	if err != nil {
		return nil, rp.keysUnavailable(r, p, err)
	}
	id, err := jwks.Judge(ctx, p.keys, p.Issuer, errKeyUnknown, func(keys *jws.KeySet) (*oidc.IDToken, error) {
		c := p.config(keys, algorithms)
		c.CheckNonce = take
		c.InsecureNoNonce = p.InsecureNoNonce && b.answer != nil // the code flow alone
		return oidc.Verify(b.token, c, now)
	})
	var unavailable *jwks.Unavailable
	if errors.As(err, &unavailable) {
		return nil, rp.keysUnavailable(r, p, err)
	}
	if err == nil && b.answer != nil && b.answer.AccessToken != "" && id.AccessTokenHash != "" {
		err = id.CheckAccessToken(b.answer.AccessToken) // Core section 3.1.3.8
	}
	if err != nil {
		return nil, rp.tokenRefused(r, p, err)
	}
	return id, nil
}

// tokenRefused is what a person is told of a token that is not good, and a log of why.
func (rp *RP) tokenRefused(r *http.Request, p *provider, err error) error {
	var refused *oidc.Error
	if !errors.As(err, &refused) {
		return err
	}
	rp.logProvider(r, p, "relying party: the provider's ID token was refused", err)
	return &refusedBecause{web.NewProblem(http.StatusForbidden, refused.Code, "The ID token was refused: "+refused.Message+"."), err}
}

var errKeyUnknown = &oidc.Error{Code: jws.CodeKeyUnknown}
