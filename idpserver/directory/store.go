// Package directory defines the terms of an identity provider and what it needs
// from a store: accounts, the clients that they sign in to, grants, codes that work
// once, sign-ins and sessions. It decides nothing.
package directory

import (
	"context"
	"errors"
	"time"
)

// Account is a person known to the provider.
type Account struct {
	// ID is the subject of every token about this person and the account id of
	// FedCM: random, 26 characters, never the e-mail address, never used again.
	ID string
	// Email is the address as it was entered. Two accounts never share an
	// address, letter case aside.
	Email string
	// EmailVerified says that a code mailed to Email was entered here, or that
	// the operator vouches for it.
	EmailVerified bool
	Name          string
	GivenName     string // may be empty, as all that follow but CreatedAt
	FamilyName    string
	// PreferredUsername is a name that people call themselves; no identifier.
	PreferredUsername string
	Locale            string // BCP 47: "en-GB"
	Zoneinfo          string // of the IANA database: "Europe/London"
	// Groups are the operator's groups that the account belongs to: for clients that ask
	// for the scope groups, and for Client.Groups.
	Groups []string
	// PasswordHash is a PHC string ($argon2id$...). Empty: nobody can sign in
	// to this account with a password.
	PasswordHash string
	CreatedAt    time.Time
	UpdatedAt    time.Time // when a claim changed last; zero: not since CreatedAt
}

// SignIn says that an account is signed in in one browser.
type SignIn struct {
	// ID is random and stays the same while the account is signed in there, also when
	// the person signs in afresh.
	ID      string
	Account string // Account.ID
	At      time.Time
	Expires time.Time
	AMR     []string // how (RFC 8176)
}

// Grant says that a person let a relying party know who they are.
type Grant struct {
	Account string // Account.ID
	Client  string // Client.ID
	// Fields are the groups of claims that were disclosed to the person before
	// they agreed: "name", "email", "picture".
	Fields   []string
	Scopes   []string  // that they agreed to; none by FedCM
	At       time.Time // the first time
	LastUsed time.Time
}

// Code is a secret that works once. Only its hash is stored.
type Code struct {
	Purpose string   // CodeEmail or CodeSignUp
	Hash    [32]byte // of the code; the server that makes codes decides how
	Account string   // Account.ID
	Data    []byte   // what the code stands for
	Expires time.Time
}

// CodeEmail is the purpose of the codes that verify an e-mail address. Their
// Data is the address.
const CodeEmail = "email"

// CodeSignUp is the purpose of the codes that finish a sign-up. Their Account is the
// name of the sign-up, and their Data the account that it will be, with its password
// hash.
const CodeSignUp = "signup"

// CodePushed is the purpose of requests that clients pushed (RFC 9126). Their Account is
// the client's id, and their Data the request.
const CodePushed = "pushed"

var (
	// ErrNotFound means that the store answered and has no such row.
	ErrNotFound = errors.New("directory: not found")
	// ErrEmailTaken means that another account has this address.
	ErrEmailTaken = errors.New("directory: e-mail address taken")
)

// Store is all that a provider keeps. Any error that is not one of this package's
// means that the store could not answer, and the server then refuses. All
// methods may be called concurrently. Times are kept to the millisecond.
type Store interface {
	AccountStore
	SignInStore
	GrantStore
	AuthorizationStore
	CodeStore
	SessionStore
}

// AccountStore keeps people. Reads may be stale by a moment; only the
// uniqueness of addresses must be exact.
type AccountStore interface {
	// CreateAccount adds a. ErrEmailTaken: another account has the address.
	CreateAccount(ctx context.Context, a Account) error
	// Account returns the account with that id, or ErrNotFound.
	Account(ctx context.Context, id string) (*Account, error)
	// AccountByEmail ignores letter case. It returns ErrNotFound if nobody has
	// the address.
	AccountByEmail(ctx context.Context, email string) (*Account, error)
	// MarkEmailVerified records that the account's address is verified, if it is
	// still this address; otherwise it changes nothing and returns ErrNotFound.
	MarkEmailVerified(ctx context.Context, id, email string) error
	// SetPasswordHash replaces the password hash, or returns ErrNotFound.
	SetPasswordHash(ctx context.Context, id, hash string) error
}

// MaxSignIns is the most browsers in which an account is signed in, so that nobody
// fills the store with a password and a loop.
const MaxSignIns = 20

// SignInStore keeps which accounts are signed in in which browser. A browser is
// named by a random id that lives in its sessions and never in a cookie. A read
// must see the writes made before it: a sign-out takes effect at once.
type SignInStore interface {
	// SignIns lists the sign-ins of a browser that have not expired, oldest
	// first. A browser that is not known has none.
	SignIns(ctx context.Context, browser string, now time.Time) ([]SignIn, error)
	// AddSignIn moves the sign-ins of browser from (which may be empty) to
	// browser to and adds s there, replacing an earlier sign-in of the same
	// account but for its ID. Nothing remains under from, so what still names it is
	// worthless. Of the account's sign-ins the newest MaxSignIns stay, in whichever
	// browsers.
	AddSignIn(ctx context.Context, from, to string, s SignIn) error
	// RemoveSignIn ends one sign-in. Removing what is not there is no error.
	RemoveSignIn(ctx context.Context, browser, account string) error
}

// GrantStore keeps which relying parties a person signed in to. Reads may be
// stale by a moment.
type GrantStore interface {
	// Grants lists the grants of an account, oldest first.
	Grants(ctx context.Context, account string) ([]Grant, error)
	// PutGrant adds g or, for a pair of account and client already there,
	// replaces Fields, Scopes and LastUsed; At stays what it was.
	PutGrant(ctx context.Context, g Grant) error
	// DeleteGrant ends a grant. Deleting what is not there is no error.
	DeleteGrant(ctx context.Context, account, client string) error
}

// CodeStore keeps codes that work exactly once: its methods are linearizable,
// each is one statement, and of any number of concurrent TakeCode calls with one
// hash exactly one gets the code.
type CodeStore interface {
	// PutCode adds c. A hash that is already there is an error.
	PutCode(ctx context.Context, c Code) error
	// TakeCode removes and returns a code that has not expired at now.
	// ErrNotFound: never made, already taken, dropped or expired.
	TakeCode(ctx context.Context, purpose string, hash [32]byte, now time.Time) (*Code, error)
	// DropCodes removes every code of that purpose for the account.
	DropCodes(ctx context.Context, purpose, account string) error
}

// SessionStore keeps opaque session data under the hash of a session token. The
// kinds are separate: a token of one kind finds nothing under another.
type SessionStore interface {
	// FindSession returns the data, or ErrNotFound if there is none or it has
	// expired.
	FindSession(ctx context.Context, kind, token string, now time.Time) ([]byte, error)
	// CommitSession adds or replaces the data.
	CommitSession(ctx context.Context, kind, token string, data []byte, expires time.Time) error
	// DeleteSession removes the data. Deleting what is not there is no error.
	DeleteSession(ctx context.Context, kind, token string) error
	// Sweep forgets what had expired at now: sessions, sign-ins, codes and
	// authorizations. Only the size of the store depends on it.
	Sweep(ctx context.Context, now time.Time) error
}
