package jwks

import (
	"context"
	"errors"

	"github.com/bonafides-dev/bonafides/protocol/jws"
)

// KeySource gives the keys that an issuer signs with. An error means that they
// cannot be had now. It is safe for concurrent use. [Source] is one over HTTP,
// [Fixed] one with keys that never change.
type KeySource interface {
	KeySet(ctx context.Context, issuer string) (*jws.KeySet, error)
}

// RefreshingKeySource is a KeySource that can look again. Refresh is called when
// a token names a key that the set does not hold. It is the source's business to
// look rarely: strangers can make tokens that name any key.
type RefreshingKeySource interface {
	KeySource
	Refresh(ctx context.Context, issuer string) (*jws.KeySet, error)
}

// Fixed is a KeySource of one key set that never changes, whoever the issuer is.
func Fixed(set *jws.KeySet) KeySource { return fixed{set} }

type fixed struct{ set *jws.KeySet }

func (f fixed) KeySet(context.Context, string) (*jws.KeySet, error) { return f.set, nil }

// Unavailable is the error of Judge where keys could not be had.
type Unavailable struct {
	Err error // why not
	// Verdict is judge's error with the keys that were there, if only newer ones
	// could not be had. Nil: there were no keys at all.
	Verdict error
}

// Error says why the keys could not be had.
func (u *Unavailable) Error() string { return u.Err.Error() }

// Unwrap returns Err, so that a context's end can be recognised.
func (u *Unavailable) Unwrap() error { return u.Err }

// Judge calls judge with the issuer's keys. Issuers change their keys, so where
// its error is keyUnknown (errors.Is) it is called once more, with newer ones, if
// source can look again. Errors are those of judge, or *Unavailable.
//
// Read tokens that name their key through Judge: code that looks again by itself
// looks too often, or never.
func Judge[T any](ctx context.Context, source KeySource, issuer string, keyUnknown error, judge func(*jws.KeySet) (T, error)) (T, error) {
	var none T
	keys, err := source.KeySet(ctx, issuer)
	if err != nil {
		return none, &Unavailable{Err: err}
	}
	result, verdict := judge(keys)
	again, ok := source.(RefreshingKeySource)
	if !ok || !errors.Is(verdict, keyUnknown) {
		return result, verdict
	}
	if keys, err = again.Refresh(ctx, issuer); err != nil {
		return none, &Unavailable{err, verdict}
	}
	return judge(keys)
}
