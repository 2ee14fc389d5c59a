package rpserver

import (
	"context"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/internal/secret"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// ErrAskAgain is the error of TokenSource.Token where the provider gives no token
// without asking the person: it gave no refresh token, or takes it no more. The
// person stays signed in here; send them through signin/start to ask again.
var ErrAskAgain = errors.New("rpserver: the provider has to ask the person again: send them to signin/start")

// AccessToken calls an API of the provider in the name of a person.
type AccessToken struct {
	Value   string    // for "Authorization: Bearer"; a secret
	Expires time.Time // zero: the provider did not say
	Scope   string    // what it may do, "" if the provider did not say
}

// TokenSource gives access tokens of one sign-in. It is safe for concurrent use, and
// of many of one sign-in, in this process and in others over the same store, one alone
// asks the provider when a new token is needed.
type TokenSource struct {
	rp *RP
	id string
}

// TokenSource returns the access tokens of a sign-in, which SignedIn gives. Ask for
// Provider.Offline, or they are there only until the first one is over.
func (rp *RP) TokenSource(s *SignIn) *TokenSource { return &TokenSource{rp, s.ID} }

const (
	tokenMargin  = 30 * time.Second // a token that is about to expire is over
	renewTimeout = 30 * time.Second // a request, once more to a busy provider, and its keys
	leaseTime    = renewTimeout + 10*time.Second
	leaseAsk     = 100 * time.Millisecond
)

// Token returns an access token that is good for at least 30 seconds more. Errors are
// ErrAskAgain, ErrNoSignIn once the sign-in has ended, the context's, and those of a
// store or provider that does not answer: ask again later.
func (t *TokenSource) Token(ctx context.Context) (AccessToken, error) {
	rp, holder := t.rp, secret.New()
	s, err := rp.signIns.FindSignIn(ctx, t.id)
	for {
		if err != nil {
			return AccessToken{}, err
		}
		now := rp.now()
		if !s.Ended.IsZero() || !now.Before(s.Expires) {
			return AccessToken{}, ErrNoSignIn
		}
		kept := rp.openTokens(s.ID, s.Tokens)
		if kept.good(now) {
			return kept.token(), nil
		}
		if kept.Refresh == "" {
			return AccessToken{}, ErrAskAgain
		}
		leased, ours, err := rp.signIns.LeaseTokens(ctx, t.id, holder, now, now.Add(leaseTime))
		if err != nil {
			return AccessToken{}, err
		}
		if ours {
			return t.renew(ctx, leased, holder)
		}
		if err := rp.wait(ctx, leaseAsk); err != nil { // another one is asking
			return AccessToken{}, err
		}
		s, err = rp.signIns.FindSignIn(ctx, t.id)
		if err != nil {
			return AccessToken{}, err
		}
	}
}

func (k keptTokens) good(now time.Time) bool {
	return k.Access != "" && (k.Expires == 0 || now.Add(tokenMargin).Unix() < k.Expires)
}

func (k keptTokens) token() AccessToken {
	a := AccessToken{Value: k.Access, Scope: k.Scope}
	if k.Expires != 0 {
		a.Expires = time.Unix(k.Expires, 0)
	}
	return a
}

// renew asks the provider, under the lease. What the row says now counts: the lease's
// holder before may just have been here.
func (t *TokenSource) renew(ctx context.Context, s *SignIn, holder string) (AccessToken, error) {
	rp := t.rp
	kept := rp.openTokens(s.ID, s.Tokens)
	if kept.good(rp.now()) {
		return kept.token(), rp.signIns.SaveTokens(ctx, s.ID, holder, s.Tokens)
	}
	p := rp.providerOf(s)
	if p == nil {
		return AccessToken{}, errors.Join(ErrAskAgain, rp.signIns.SaveTokens(ctx, s.ID, holder, s.Tokens))
	}
	// Whoever asked may go away; a refresh token that was used and whose successor nobody
	// kept would be lost.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), renewTimeout)
	defer cancel()
	answer, err := p.op.Renew(ctx, kept.Refresh, nil)
	var why *op.Error
	switch {
	case err == nil:
		kept, err = rp.renewed(ctx, p, s, kept, answer)
	case errors.As(err, &why) && why.Code == op.CodeGrantOver:
		rp.log.InfoContext(ctx, "relying party: the provider takes a refresh token no more", "issuer", p.Issuer, "user", s.UserID, "said", why.Said)
		kept.Refresh, kept.Access, err = "", "", ErrAskAgain
	}
	// Where it came to nothing the lease ends as well, and the next one asks again.
	sealed, sealing := rp.sealTokens(s.ID, kept)
	if sealing == nil {
		sealing = rp.signIns.SaveTokens(context.WithoutCancel(ctx), s.ID, holder, sealed)
	}
	if err != nil || sealing != nil {
		return AccessToken{}, errors.Join(err, sealing)
	}
	return kept.token(), nil
}

// renewed are the tokens after the provider's answer, or those to ask with again where the
// answer cannot be used.
func (rp *RP) renewed(ctx context.Context, p *provider, s *SignIn, kept keptTokens, answer *oidc.TokenAnswer) (keptTokens, error) {
	err := rp.judgeRefreshed(ctx, p, s, answer)
	if err == nil {
		return kept.with(answer, rp.now()), nil
	}
	// Without the provider's keys nobody judged the answer. The old refresh token may be
	// used up all the same, and to send it twice would end the whole grant (RFC 9700
	// section 4.14.2). What comes for the new one is judged then.
	var refused *oidc.Error
	if !errors.As(err, &refused) && answer.RefreshToken != "" {
		kept.Refresh = answer.RefreshToken
	}
	return kept, err
}

// judgeRefreshed judges an ID token that came with new tokens (OpenID Connect Core 1.0
// section 12.2): it must be about the same person.
func (rp *RP) judgeRefreshed(ctx context.Context, p *provider, s *SignIn, answer *oidc.TokenAnswer) error {
	if answer.IDToken == "" {
		return nil
	}
	algorithms, err := p.algorithms(ctx)
	if err != nil {
		return err
	}
	_, err = jwks.Judge(ctx, p.keys, p.Issuer, errKeyUnknown, func(keys *jws.KeySet) (*oidc.IDToken, error) {
		return oidc.VerifyRefreshed(answer.IDToken, p.config(keys, algorithms), s.Issuer, s.Subject, rp.now())
	})
	return err
}

// wait ends after d, or with ctx.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
