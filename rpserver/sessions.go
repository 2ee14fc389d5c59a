package rpserver

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
)

// Sessions keeps which sign-in a browser's session belongs to. It is safe for
// concurrent use. The kit's own is SCS; an application with another kind of session
// writes these three methods. What a sign-in is, and whether it has ended, is in its
// row (SignInStore), so that it can be ended from elsewhere whatever the sessions are.
type Sessions interface {
	// SignInID returns the ID of the sign-in that the request's session belongs to, ""
	// if nobody is signed in. An error means that this could not be found out.
	SignInID(r *http.Request) (string, error)

	// SignIn makes the session one of this sign-in, under a new session id: one that
	// was known before the sign-in must be worth nothing after it (session
	// fixation). It is called before anything is written to w.
	SignIn(w http.ResponseWriter, r *http.Request, s *SignIn) error

	// SignOut ends the session, also on the server. It is not an error if there is
	// none.
	SignOut(w http.ResponseWriter, r *http.Request) error
}

// Where an scs session holds the ID of the sign-in, and of its user.
const (
	signInKey = "bonafides.signin"
	userKey   = "bonafides.user"
)

// SCS makes Sessions from an scs manager. The application may wrap its handlers
// with the manager's LoadAndSave and use the same sessions for its own data, or do
// neither: SCS works both ways. With an IdleTimeout LoadAndSave is needed, as it is
// what extends a session.
//
// What a stranger put into the session stays in it when they sign in. What one
// user put into it is gone when another one signs in.
func SCS(m *scs.SessionManager) Sessions { return scsSessions{m} }

type scsSessions struct{ m *scs.SessionManager }

type loadMark struct{}

// load gives the context that holds the session's data. saved says that
// LoadAndSave is around us and will save what we change.
func (s scsSessions) load(r *http.Request) (ctx context.Context, saved bool, err error) {
	// Load returns the context it was given if that has session data already.
	mark := context.WithValue(r.Context(), loadMark{}, nil)
	token := ""
	if c, err := r.Cookie(s.m.Cookie.Name); err == nil {
		token = c.Value
	}
	ctx, err = s.m.Load(mark, token)
	return ctx, err == nil && ctx == mark, err
}

func (s scsSessions) SignInID(r *http.Request) (string, error) {
	ctx, _, err := s.load(r)
	if err != nil {
		return "", err
	}
	return s.m.GetString(ctx, signInKey), nil
}

func (s scsSessions) SignIn(w http.ResponseWriter, r *http.Request, is *SignIn) error {
	ctx, saved, err := s.load(r)
	if err != nil {
		return err
	}
	if before := s.m.GetString(ctx, userKey); before != "" && before != is.UserID {
		if err := s.m.Clear(ctx); err != nil {
			return err
		}
	}
	if err := s.m.RenewToken(ctx); err != nil {
		return err
	}
	s.m.Put(ctx, userKey, is.UserID)
	s.m.Put(ctx, signInKey, is.ID)
	if saved {
		return nil
	}
	token, expiry, err := s.m.Commit(ctx)
	if err != nil {
		return err
	}
	s.m.WriteSessionCookie(ctx, w, token, expiry)
	return nil
}

func (s scsSessions) SignOut(w http.ResponseWriter, r *http.Request) error {
	ctx, saved, err := s.load(r)
	if err != nil {
		return err
	}
	if err := s.m.Destroy(ctx); err != nil {
		return err
	}
	if !saved {
		s.m.WriteSessionCookie(ctx, w, "", time.Time{})
	}
	return nil
}

// sessionLifetime is how long a default session lasts at most.
const sessionLifetime = 24 * time.Hour

// defaultSessions are scs sessions whose cookie fits the origin, and whose store
// holds no session id in the clear: who reads the store cannot be somebody else.
func defaultSessions(siteOrigin string, store scs.Store, lifetime time.Duration) Sessions {
	m := new(scs.SessionManager)
	*m = *firstManager()
	m.Store = store
	if store == nil {
		m.Store = &memorySessions{now: time.Now} // scs has no other clock
	}
	m.HashTokenInStore = true
	m.Lifetime = lifetime
	m.Cookie.Name = cookieName(siteOrigin, "rp-session")
	m.Cookie.Path = "/"
	m.Cookie.Secure = strings.HasPrefix(siteOrigin, "https://")
	m.Cookie.HttpOnly = true
	m.Cookie.SameSite = http.SameSiteLaxMode
	return SCS(m)
}

// firstManager is what scs makes a manager of, once for a process: with each it starts
// a goroutine that nothing can stop. Managers copied from it have one key of the
// context in common, which only their own contexts have: theirs never reach a request.
var firstManager = sync.OnceValue(scs.New)
