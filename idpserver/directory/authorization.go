package directory

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Authorization says what one sign-in lets one client do for one account. Its code, the
// access tokens and the refresh tokens that come of it name it, so that whatever ends
// it, a code or a token shown twice, a revocation, a sign-out, a site that is
// disconnected, ends all of them at once.
type Authorization struct {
	// ID is random, 128 bits at least. The code and the refresh tokens hold it beside
	// secrets of their own; alone it opens nothing.
	ID      string
	Account string // Account.ID
	Client  string // Client.ID
	// SignIn is the SignIn.ID of the browser's sign-in in which the person agreed;
	// empty: a sign-out somewhere does not concern it.
	SignIn string
	// SessionID is the sid of its ID tokens (OpenID Connect Back-Channel Logout 1.0
	// section 2.1): the same for all of one client in one sign-in.
	SessionID string
	Scopes    []string // that were granted
	Claims    string   // the claims parameter as JSON (OpenID Connect Core 1.0 section 5.5); may be empty
	Resource  string   // of the access tokens (RFC 8707); empty: the provider's own endpoints
	AuthTime  time.Time
	AMR       []string // how the person signed in (RFC 8176)
	// Refreshable says that refresh tokens are given out, Offline that they outlive the
	// sign-in.
	Refreshable, Offline bool

	Created, Expires time.Time
	Revoked          time.Time // zero: it was not

	Code    AuthorizationCode
	Refresh RefreshToken
}

// AuthorizationCode is the code of an authorization (RFC 6749 section 4.1.2). It is
// remembered until its authorization is forgotten, so that one that is shown again is
// known as what it is (RFC 9700 section 4.5).
type AuthorizationCode struct {
	Hash                          [32]byte // zero: there is none, the ID token went out itself
	Expires                       time.Time
	Used                          time.Time // zero: not yet
	RedirectURI, Challenge, Nonce string    // what it is bound to; Challenge may be empty
}

// RefreshToken is what is kept of the refresh tokens of an authorization: hashes alone.
// Each token holds a secret that all of the family share, which tells an old one from
// a guess, and one of its own.
type RefreshToken struct {
	Family            [32]byte
	Current, Previous [32]byte // Current zero: there is none
	At                time.Time
	// Answer is what was given for the previous one, sealed under that token: who shows
	// it again at once, because the answer was lost on the way, gets it again.
	Answer []byte
}

// ErrCodeUsed is ErrNotFound for a code that was there and is used up.
var ErrCodeUsed = fmt.Errorf("%w: used before", ErrNotFound)

// MaxAuthorizations is how many authorizations of one account for one client are kept.
// Of more the oldest ones end.
const MaxAuthorizations = 100

// Authorizations says which ones: those for which all that is set holds.
type Authorizations struct {
	ID, Account, Client, SignIn string
	OnlineAlone                 bool // not those that outlive the sign-in
}

// Check refuses what would mean all there are.
func (w Authorizations) Check() error {
	if w.ID == "" && w.Account == "" && w.SignIn == "" {
		return errors.New("directory: say whose authorizations: ID, Account or SignIn")
	}
	return nil
}

// AuthorizationStore keeps authorizations. Its writes are linearizable, each is one
// statement: of any number of concurrent TakeAuthorizationCode calls with one hash, and
// of RotateRefreshToken calls from one hash, exactly one succeeds, and none after
// RevokeAuthorizations returned.
type AuthorizationStore interface {
	// AddAuthorization adds a. An id that is there is an error.
	AddAuthorization(ctx context.Context, a Authorization) error
	// Authorization returns it, revoked or expired or not, or ErrNotFound.
	Authorization(ctx context.Context, id string) (*Authorization, error)
	// AuthorizationsOf lists those of an account that are neither revoked nor expired,
	// oldest first.
	AuthorizationsOf(ctx context.Context, account string, now time.Time) ([]Authorization, error)
	// RevokeAuthorizations revokes those that are not, and returns what it revoked. What
	// w.Check refuses is an error.
	RevokeAuthorizations(ctx context.Context, w Authorizations, at time.Time) ([]Authorization, error)
	// TakeAuthorizationCode marks the code of an authorization used and, where the
	// authorization is Refreshable, stores its first refresh token; it returns the
	// authorization as it is then. ErrCodeUsed, with the authorization: the hash is right
	// and the code was used before. ErrNotFound: there is no such code, or it has expired
	// at now, or the authorization was revoked.
	TakeAuthorizationCode(ctx context.Context, id string, hash [32]byte, now time.Time, first RefreshToken) (*Authorization, error)
	// RotateRefreshToken replaces Current, if it is still from, and sets Previous to from.
	// ErrNotFound: it is not, or the authorization is revoked or expired at now.
	RotateRefreshToken(ctx context.Context, id string, from, to [32]byte, answer []byte, now time.Time) error
}
