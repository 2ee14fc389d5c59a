package rpserver

import (
	"context"
	"errors"
	"time"
)

// SignIn is one sign-in of one person with one provider. A browser's session holds its
// ID, so that whatever the sessions are, a sign-in can be ended from elsewhere: by the
// provider, by the person in another browser, by the application.
type SignIn struct {
	ID       string // 256 random bits; worth nothing without the session that holds it
	UserID   string
	Provider string // Provider.Name

	Issuer    string // what Identity.Issuer was
	Subject   string
	SessionID string // sid: the session at the provider, "" if it named none

	Created  time.Time
	Expires  time.Time
	Ended    time.Time // zero: it has not ended
	AuthTime time.Time // when the person proved to the provider who they are; zero: it did not say

	// Automatic says that the browser signed the person in without asking them (FedCM,
	// isAutoSelected). It is the page's word, for greeting people and not for deciding.
	Automatic bool

	// Tokens are what the provider gave, encrypted by the relying party. A store takes
	// them as bytes.
	Tokens []byte
}

// Errors of a SignInStore.
var (
	ErrNoSignIn  = errors.New("rpserver: no such sign-in")
	ErrLeaseLost = errors.New("rpserver: the lease is another one's, or none")
	ErrSelector  = errors.New("rpserver: a selector of sign-ins that selects none in particular")
)

// SignInsWhere selects sign-ins: every field that is set must be equal. One in which
// neither ID nor UserID nor Issuer together with Subject or SessionID is set is refused
// with ErrSelector: nobody means all.
type SignInsWhere struct {
	ID        string
	UserID    string
	Issuer    string
	Subject   string
	SessionID string
}

// Check refuses a selector that selects none in particular.
func (w SignInsWhere) Check() error {
	if w.ID != "" || w.UserID != "" || w.Issuer != "" && (w.Subject != "" || w.SessionID != "") {
		return nil
	}
	return ErrSelector
}

// SignInStore keeps the sign-ins of a relying party. It is safe for concurrent use. Any
// other error than those named here means that the store could not answer.
type SignInStore interface {
	// AddSignIn keeps a new sign-in. Ended is zero.
	AddSignIn(ctx context.Context, s SignIn) error

	// FindSignIn returns the sign-in with this ID, also one that has ended or expired, or
	// ErrNoSignIn.
	FindSignIn(ctx context.Context, id string) (*SignIn, error)

	// SignInsOf returns the sign-ins of a user that have neither ended nor expired, the
	// newest first.
	SignInsOf(ctx context.Context, userID string, now time.Time) ([]SignIn, error)

	// EndSignIns ends the sign-ins that which selects and that have not ended, and
	// returns how many there were. One that was ended stays so, at the time when it was.
	EndSignIns(ctx context.Context, which SignInsWhere, at time.Time) (int, error)

	// LeaseTokens gives a sign-in's tokens to one holder, who may then get new ones
	// from the provider, until a time or until SaveTokens. Of all who ask at the same
	// time, also in other processes, one gets true, with the sign-in as it is then; the
	// others get false, until the lease is over (now on or after until). ErrNoSignIn if
	// there is none, or it has ended.
	LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*SignIn, bool, error)

	// SaveTokens replaces the tokens and ends the lease. It changes nothing and returns
	// ErrLeaseLost if the holder has not the lease: another one took it after its time.
	// That the time is over alone does not lose it.
	SaveTokens(ctx context.Context, id, holder string, tokens []byte) error

	// SweepSignIns forgets sign-ins that ended or expired more than a day before now. It
	// may leave some for the next time, so that it never takes long.
	SweepSignIns(ctx context.Context, now time.Time) error
}
