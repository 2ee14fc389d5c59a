package issuer

import (
	"context"
	"errors"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// SpentStore remembers spent tokens, and keeps for good what keys they were made
// with. Implementations are safe for concurrent use.
//
// Admit makes a key known before its tokens are spent; New calls it with all of
// the issuer's keys. A store keeps for each key id what it was first admitted
// with, and judges later ones by JudgeKey: if that refuses one of them, Admit
// returns its *KeyChangedError and admits none.
//
// Spend returns nil for exactly one call per (keyID, nonce), however many run at
// once and whatever process they run in; every other call returns
// ErrAlreadySpent, or ErrKeyForgotten once the key was forgotten. Any other error,
// a cancelled context or a key that was never admitted among them, means that the
// store cannot tell: the token is then not redeemed, though it may have been
// spent. nil must not be returned before the spend survives a crash. The time of a
// spend is not kept: it would join what a visitor did at two sites.
type SpentStore interface {
	Admit(ctx context.Context, keys ...TokenKey) error
	Spend(ctx context.Context, keyID uint32, nonce [pst.NonceSize]byte) error
}

// A SpentStore's answers for tokens that are not spent now.
var (
	// ErrAlreadySpent is the answer for a token that was spent before.
	ErrAlreadySpent = errors.New("issuer: the token was already spent")
	// ErrKeyForgotten is the answer for a token whose key was forgotten with all
	// that was spent with it, so that none of its tokens counts as unspent again.
	ErrKeyForgotten = errors.New("issuer: what was spent with the token's key was forgotten")
)

// Counter counts redemptions per redeeming origin and day (UTC), the finest
// account of redemptions that an issuer keeps. Losing a count is harmless, so a
// Counter may be slower to persist than a SpentStore; its errors are logged and
// do not fail the redemption. Implementations are safe for concurrent use.
type Counter interface {
	Count(ctx context.Context, origin string, day Day) error
}

// OriginCount is one row of a Counter's account.
type OriginCount struct {
	Origin string
	Day    Day
	Count  int64
}

// Day is a day in UTC: the number of days since 1970-01-01.
type Day int32

// DayOf returns the day that t falls in.
func DayOf(t time.Time) Day {
	s := t.Unix()
	d := s / 86400
	if s%86400 < 0 {
		d--
	}
	return Day(d)
}

// Time returns the day's first moment.
func (d Day) Time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// String returns the day as 2006-01-02.
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// ErrUsed is an OnceStore's answer for an id that was used before.
var ErrUsed = errors.New("issuer: this was used before")

// OnceStore remembers things that work once, and only until they expire:
// challenges, CAPTCHA answers.
//
// Use returns nil for exactly one call per id and ErrUsed for every other one;
// any other error means that the store cannot tell. An id may be forgotten after
// expires, when its caller refuses it anyway. Implementations are safe for
// concurrent use.
type OnceStore interface {
	Use(ctx context.Context, id [32]byte, expires time.Time) error
}

// BudgetStore counts what an account was given in a day.
//
// Take gives as much of want as is left of limit on that day, remembers it and
// returns it: 0 when nothing is left. The sum of what is given is at most limit,
// however many calls run at once. Implementations are safe for concurrent use.
type BudgetStore interface {
	Take(ctx context.Context, account string, day Day, want, limit int) (int, error)
}
