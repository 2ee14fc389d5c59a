package rpserver

import (
	"context"
	"errors"
	"net/http"
)

type visitorContextKey struct{ rp *RP }

// visitor is who asks; nil: nobody is signed in.
type visitor struct {
	user   *User
	signIn *SignIn
}

// User returns who is signed in, if anyone is. Behind Middleware it costs
// nothing; elsewhere it asks the session and the stores, and a store that
// cannot answer means that nobody is.
func (rp *RP) User(r *http.Request) (*User, bool) {
	if v := rp.visitor(r); v != nil {
		return v.user, true
	}
	return nil, false
}

// SignedIn returns the sign-in that this browser's session belongs to: with which
// provider, since when. It costs what User costs.
func (rp *RP) SignedIn(r *http.Request) (*SignIn, bool) {
	if v := rp.visitor(r); v != nil {
		return v.signIn, true
	}
	return nil, false
}

func (rp *RP) visitor(r *http.Request) *visitor {
	if v, ok := r.Context().Value(visitorContextKey{rp}).(*visitor); ok {
		return v
	}
	v, err := rp.lookUp(r)
	if err != nil {
		rp.log.ErrorContext(r.Context(), "relying party: cannot tell who is signed in", "error", err)
	}
	return v
}

// lookUp returns nil, nil if nobody is signed in. A session outlives a sign-in that
// was ended elsewhere, and is worth nothing then.
func (rp *RP) lookUp(r *http.Request) (*visitor, error) {
	id, err := rp.sessions.SignInID(r)
	if err != nil || id == "" {
		return nil, err
	}
	s, err := rp.signIns.FindSignIn(r.Context(), id)
	switch {
	case errors.Is(err, ErrNoSignIn): // swept
		return nil, nil
	case err != nil:
		return nil, err
	case !s.Ended.IsZero(), !rp.now().Before(s.Expires):
		return nil, nil
	}
	u, err := rp.users.User(r.Context(), s.UserID)
	if errors.Is(err, ErrNoUser) { // deleted while signed in
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &visitor{u, s}, nil
}

// Middleware finds out once for a request who is signed in; next asks with User.
// It lets everyone through, see RequireUser. A store that cannot answer is a 503,
// not a stranger, so that an application does not offer a sign-in that would fail
// as well.
func (rp *RP) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Add("Vary", "Cookie") // the page depends on who asks
		v, err := rp.lookUp(r)
		if err != nil {
			rp.refuse(w, r, err)
			return
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), visitorContextKey{rp}, v)))
	})
}

// RequireUser is Middleware that sends people who are not signed in to sign in, and back
// to where they were. With one provider a navigation is redirected to it. With several,
// with a Config.SignInPage, and where a sign-in has just ended without a session, it is a
// page with a link to each, with status 403; anything but a page that a browser asks
// for gets a problem document with the code sign_in_required.
func (rp *RP) RequireUser(next http.Handler) http.Handler {
	return rp.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, ok := rp.User(r); !ok {
			rp.askToSignIn(w, r)
			return
		}
		next.ServeHTTP(w, r)
	}))
}
