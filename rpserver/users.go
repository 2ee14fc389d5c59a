package rpserver

import (
	"context"
	"errors"
	"net/http"
	"strings"
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

	// Claims are all claims of the ID token as it has them, one JSON object: groups and
	// roles, for a UserStore of one's own. Not what the userinfo endpoint adds. They are
	// true at the moment of the sign-in, and the kit's stores do not keep them.
	Claims string
}

// Cleaned is the identity as a UserStore keeps it: what is shown to people (addresses,
// names, picture, locale) without control characters, which nobody sees and some
// databases refuse (PostgreSQL holds no NUL), and without bytes that are no UTF-8.
// Issuer and Subject stay to the byte, and Claims are left out. What decides is not made
// of something else: an address that changed so is not the one that was verified, and a
// HostedDomain that would change is left out. The kit's stores call it.
func (id Identity) Cleaned() Identity {
	said := id
	for _, s := range []*string{&id.Email, &id.HostedDomain, &id.Name, &id.GivenName, &id.FamilyName, &id.Picture, &id.Locale} {
		*s = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f {
				return -1
			}
			return r
		}, strings.ToValidUTF8(*s, ""))
	}
	id.EmailVerified = id.EmailVerified && id.Email != "" && id.Email == said.Email
	if id.HostedDomain != said.HostedDomain {
		id.HostedDomain = ""
	}
	id.Claims = ""
	return id
}

// User is a person as the relying party knows them. By which providers they sign in
// is kept apart from it, as identities: a person may have several.
type User struct {
	ID string // the relying party's own id, what a session holds

	Name          string // "" if the provider gave none
	Email         string // "" if the provider gave none; not an identifier
	EmailVerified bool
	Created       time.Time
	LastSignIn    time.Time
}

var (
	// ErrNoUser is what UserStore.User and IdentityStore.Link return for an id that
	// nobody has.
	ErrNoUser = errors.New("rpserver: no such user")
	// ErrIdentityTaken is what IdentityStore.Link returns for an identity by which
	// another user signs in.
	ErrIdentityTaken = errors.New("rpserver: another user signs in with this identity")
	// ErrLastIdentity is what IdentityStore.Unlink returns for the only identity that
	// a user has: without it they could never sign in again.
	ErrLastIdentity = errors.New("rpserver: this is the user's only identity")
)

// UserStore keeps the users of the relying party: the kit's, or an application's
// own table behind these two methods. It is safe for concurrent use.
type UserStore interface {
	// SignIn returns the user who has the identity (Issuer, Subject); if nobody has
	// it, it makes a user with it now, and created is true. The same pair gives the same user to all callers,
	// also at the same time. It compares Subject byte by byte and never looks for
	// an e-mail address. Fields that the identity leaves empty keep the value they
	// had. It keeps the identity as it is Cleaned. An application that does not want this person (not invited, closed)
	// returns Refuse(...), and nobody is signed in.
	SignIn(ctx context.Context, id Identity, now time.Time) (u *User, created bool, err error)

	// User returns the user with this ID, or ErrNoUser.
	User(ctx context.Context, id string) (*User, error)
}

// IdentityStore keeps by which identities a user signs in, where it may be more than
// one. It is safe for concurrent use.
type IdentityStore interface {
	// Link adds an identity to a user, so that UserStore.SignIn finds them by it. Both
	// must be proven in one browser before: who links an identity signs in by it from
	// then on. Of several users who link the same one at the same time one gets it, the
	// others ErrIdentityTaken. Linking again what the user has is no error, and takes
	// the news as UserStore.SignIn does. A user that nobody knows is ErrNoUser. The
	// user's own name and address stay.
	Link(ctx context.Context, userID string, id Identity, now time.Time) error

	// Unlink takes an identity from a user; one that the user does not have is no
	// error. It refuses the last one with ErrLastIdentity, also when two callers take
	// the last two at the same time. The sign-ins stay: applications call RP.Unlink.
	Unlink(ctx context.Context, userID, issuer, subject string) error

	// Identities returns what a user signs in with, the oldest first, each as its
	// provider described it last; none for a user that nobody knows.
	Identities(ctx context.Context, userID string) ([]Identity, error)
}

// Store keeps all that a relying party has to keep: who its users are and by what
// they sign in, where they are signed in, which nonces are used. The kit's stores are
// Stores.
type Store interface {
	UserStore
	IdentityStore
	SignInStore
	NonceStore
	scs.Store
}

// Refuse makes the error by which a UserStore turns a person away. The browser
// gets status 403, the code (lower case, underscores) and the sentence, which
// tells the person what to do.
func Refuse(code, sentence string) error {
	return web.NewProblem(http.StatusForbidden, code, sentence)
}
