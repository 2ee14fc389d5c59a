package rpserver

import (
	"context"
	"errors"
	"time"
)

// SignIn is one time that a person signed in, in one browser. It lasts until the
// person signs out, the provider says that they did, or it expires.
type SignIn struct {
	ID        string // made by the relying party, cannot be guessed
	UserID    string // User.ID
	Provider  string // which of the relying party's providers it was
	Issuer    string // iss
	Subject   string // sub
	SessionID string // sid: the provider's name of its session; "" if it gave none

	Created  time.Time
	Expires  time.Time
	Ended    time.Time // zero: not ended
	AuthTime time.Time // when the person proved to the provider who they are; zero if it does not say

	Automatic bool   // the browser chose the account without asking (FedCM's isAutoSelected)
	Tokens    []byte // the provider's tokens, sealed; a store takes them as bytes
}

var (
	// ErrNoSignIn is what a SignInStore returns for an id that no sign-in has.
	ErrNoSignIn = errors.New("rpserver: no such sign-in")
	// ErrLeaseLost is what SignInStore.SaveTokens returns to one who does not hold the
	// lease: another one took it after it was over, or the sign-in ended meanwhile.
	ErrLeaseLost = errors.New("rpserver: the tokens are not leased to this holder")
)

// SignInsWhere says which sign-ins are meant: those in which every field that is set
// here is equal, byte by byte. With Subject and SessionID those of the subject that have no
// SessionID are meant as well: some providers name their session when it ends and not when
// it begins.
type SignInsWhere struct{ ID, UserID, Issuer, Subject, SessionID string }

// Check refuses what would mean more than was meant: nothing set, which is everybody,
// and a Subject or SessionID without an Issuer, since each provider has its own. Every
// SignInStore calls it.
func (w SignInsWhere) Check() error {
	switch {
	case w == SignInsWhere{}:
		return errors.New("rpserver: nothing says which sign-ins to end")
	case w.Issuer == "" && (w.Subject != "" || w.SessionID != ""):
		return errors.New("rpserver: a subject or a provider's session means nothing without its issuer")
	}
	return nil
}

// SignInStore keeps the sign-ins. It is safe for concurrent use, also by several
// processes where the store is shared. Times are kept to the millisecond. Identifiers
// (all strings of SignIn) are UTF-8 without NUL, of at most 768 bytes; others are an
// error.
type SignInStore interface {
	// AddSignIn keeps a new sign-in. An id that is taken is an error.
	AddSignIn(ctx context.Context, s SignIn) error

	// FindSignIn returns the sign-in with this id, also one that ended or expired,
	// until it is swept; or ErrNoSignIn.
	FindSignIn(ctx context.Context, id string) (*SignIn, error)

	// SignInsOf returns a user's sign-ins that neither ended nor expired by now, the
	// newest first.
	SignInsOf(ctx context.Context, userID string, now time.Time) ([]SignIn, error)

	// EndSignIns ends those that have not ended yet, and returns how many. Of several
	// callers that end the same one at the same time, one counts it. It also ends their
	// leases. What SignInsWhere.Check refuses is an error, and ends nothing.
	EndSignIns(ctx context.Context, which SignInsWhere, at time.Time) (int, error)

	// LeaseTokens gives the tokens of a sign-in to one holder, who alone may renew
	// them until the time until: many providers take a refresh token once and end the
	// whole grant when it comes again. true means that the holder has the lease, and
	// that the tokens in the sign-in are those to renew. false means that another one
	// has it, or that the sign-in ended or expired; the sign-in then is as it was found
	// a moment later. holder is a new random text for each try, not empty: even the
	// holder itself gets no second lease while the first one lasts. An id that nobody
	// has is ErrNoSignIn.
	LeaseTokens(ctx context.Context, id, holder string, now, until time.Time) (*SignIn, bool, error)

	// SaveTokens puts new tokens in the place of the old ones and ends the lease. It
	// does so for the lease's holder alone; everyone else gets ErrLeaseLost, and nothing
	// changes. A holder who is late may still save as long as nobody took the lease,
	// since the provider may have dropped the old tokens already.
	SaveTokens(ctx context.Context, id, holder string, tokens []byte) error

	// SweepSignIns forgets those that expired or ended more than a day ago, at most so
	// many that nobody waits long for it, and leaves the others for the next call.
	SweepSignIns(ctx context.Context, now time.Time) error
}
