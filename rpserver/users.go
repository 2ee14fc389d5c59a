package rpserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Identity is what a verified ID token says of a person. Issuer and Subject are
// always there; every other field may be empty, and is the provider's word.
type Identity struct {
	Issuer  string // iss: the provider
	Subject string // sub: 1 to 255 ASCII characters, case-sensitive, never reused by the provider

	Email         string
	EmailVerified bool   // the provider checked that the address is this person's
	HostedDomain  string // hd: the organisation; an address's domain proves none

	Name, GivenName, FamilyName string
	Picture, Locale             string
}

// User is a person as the relying party knows them.
type User struct {
	ID string // the relying party's own id

	Name          string // "" if the provider gave none
	Email         string // "" if the provider gave none; not an identifier
	EmailVerified bool
	Created       time.Time
	LastSignIn    time.Time
}

// ErrNoUser is what UserStore.User returns for an id that nobody has.
var ErrNoUser = errors.New("rpserver: no such user")

// UserStore keeps the users of the relying party: the kit's, or an application's
// own table behind these two methods. It is safe for concurrent use.
type UserStore interface {
	// SignIn returns the user that has the identity (Issuer, Subject), made now if there
	// is none; created says which. The same pair gives the same user to all callers,
	// also at the same time. It compares Subject byte by byte and never looks for
	// an e-mail address. Fields that the identity leaves empty keep the value they
	// had. An application that does not want this person (not invited, closed)
	// returns Refuse(...), and nobody is signed in.
	SignIn(ctx context.Context, id Identity, now time.Time) (u *User, created bool, err error)

	// User returns the user with this ID, or ErrNoUser.
	User(ctx context.Context, id string) (*User, error)
}

// Errors of an IdentityStore.
var (
	ErrIdentityTaken = errors.New("rpserver: the identity is another user's")
	ErrNoIdentity    = errors.New("rpserver: the user has no such identity")
	ErrLastIdentity  = errors.New("rpserver: the identity is the user's only one")
)

// IdentityStore is a UserStore whose users may sign in with several providers. An
// identity is added only once the person has proved both: that they are the user, and
// that the identity is theirs. It is safe for concurrent use.
type IdentityStore interface {
	// Link gives the identity to the user as well. It is nil also if the user has it
	// already, ErrIdentityTaken if another user has it, ErrNoUser if there is no such user.
	Link(ctx context.Context, userID string, id Identity, now time.Time) error

	// Unlink takes an identity from the user: ErrNoIdentity if they do not have it, and
	// ErrLastIdentity if they would have none left and could never sign in again.
	Unlink(ctx context.Context, userID, issuer, subject string) error

	// Identities returns the identities of the user, the oldest first, with Issuer
	// and Subject alone.
	Identities(ctx context.Context, userID string) ([]Identity, error)
}

// Store keeps all that a relying party has to keep: who its users are and what they
// sign in with, which nonces are used, who is signed in. The kit's stores are Stores.
type Store interface {
	UserStore
	IdentityStore
	NonceStore
	SignInStore
	scs.Store
}

// Refuse makes the error by which a UserStore turns a person away. The browser
// gets status 403, the code (lower case, underscores) and the sentence, which
// tells the person what to do.
func Refuse(code, sentence string) error {
	return web.NewProblem(http.StatusForbidden, code, sentence)
}
