package idpserver

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/alexedwards/scs/v2"

	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// The kinds of sessions in the store. A token of one is unknown under the other,
// which is what makes each cookie useless in the other's place.
const (
	kindPage  = "page"
	kindFedCM = "fedcm"
)

// browserKey is where both kinds of session keep the browser's name.
const browserKey = "browser"

// sessions are the two cookies and what stands behind them. The managers hash
// the token before they store it.
type sessions struct {
	page, fedcm *scs.SessionManager
}

func newSessions(c Config, failed func(http.ResponseWriter, *http.Request, error)) sessions {
	secure := strings.HasPrefix(c.Issuer, "https:")
	prefix := ""
	if secure {
		prefix = "__Host-" // RFC 6265bis section 4.1.3.2: this host set it, over https
	}
	manager := func(kind, name string) *scs.SessionManager {
		m := scs.New()
		m.Store = scsStore{c.Store, kind}
		m.HashTokenInStore = true
		m.Lifetime = c.SessionLifetime
		m.ErrorFunc = failed
		m.Cookie.Name = prefix + name
		m.Cookie.HttpOnly = true
		m.Cookie.Path = "/"
		return m
	}
	page := manager(kindPage, "bonafides-idp")
	page.Cookie.SameSite = http.SameSiteLaxMode
	// WebKit drops Secure cookies on http://localhost, so pages and popups on
	// loopback need one without. Elsewhere http is refused by checkOrigin.
	page.Cookie.Secure = secure

	fedcm := manager(kindFedCM, "bonafides-idp-fedcm")
	fedcm.Cookie.SameSite = http.SameSiteNoneMode
	fedcm.Cookie.Secure = true // browsers keep SameSite=None only with Secure
	return sessions{page, fedcm}
}

// pageBrowser is the browser that the page cookie of r names, or empty. The
// request must have come through the page session's middleware.
func (s *Server) pageBrowser(r *http.Request) string {
	return s.sessions.page.GetString(r.Context(), browserKey)
}

// fedcmBrowser is the browser that the FedCM cookie of r names, or empty. The
// header is checked here too, so that no caller can forget it: without
// Sec-Fetch-Dest: webidentity the cookie does not exist.
func (s *Server) fedcmBrowser(r *http.Request) (string, error) {
	if wire.CheckDest(r.Header.Get("Sec-Fetch-Dest")) != nil {
		return "", nil
	}
	m := s.sessions.fedcm
	c, err := r.Cookie(m.Cookie.Name)
	if err != nil {
		return "", nil
	}
	ctx, err := m.Load(r.Context(), c.Value)
	if err != nil {
		return "", err
	}
	return m.GetString(ctx, browserKey), nil
}

// signedIn lists the accounts signed in in a browser, oldest first.
func (s *Server) signedIn(ctx context.Context, browser string) ([]*Account, error) {
	if browser == "" {
		return nil, nil
	}
	list, err := s.config.Store.SignIns(ctx, browser, s.config.Now())
	if err != nil {
		return nil, err
	}
	accounts := make([]*Account, 0, len(list))
	for _, si := range list {
		a, err := s.config.Store.Account(ctx, si.Account)
		if errors.Is(err, ErrNotFound) {
			continue // the account is gone, and its sign-in with it
		}
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// beginSignIn signs the account in in the browser of r, beside the accounts that
// are signed in there. The browser gets a new name and both cookies a new token,
// so that nobody who knew the old ones (session fixation) is signed in too.
func (s *Server) beginSignIn(w http.ResponseWriter, r *http.Request, a *Account) error {
	ctx, now := r.Context(), s.config.Now()
	browser := rand.Text()
	err := s.config.Store.AddSignIn(ctx, s.pageBrowser(r), browser,
		SignIn{Account: a.ID, At: now, Expires: now.Add(s.config.SessionLifetime)})
	if err != nil {
		return err
	}
	page, fedcm := s.sessions.page, s.sessions.fedcm
	if err := page.RenewToken(ctx); err != nil {
		return err
	}
	page.Put(ctx, browserKey, browser)

	fresh, err := fedcm.Load(ctx, "") // always a new session
	if err != nil {
		return err
	}
	fedcm.Put(fresh, browserKey, browser)
	token, expiry, err := fedcm.Commit(fresh)
	if err != nil {
		return err
	}
	fedcm.WriteSessionCookie(fresh, w, token, expiry)
	setLogin(w, 1)
	s.config.Log.InfoContext(ctx, "signed in", "account", a.ID)
	return nil
}

// endSignIns signs the accounts out of the browser of r. When nobody is left
// both cookies go, and the browser is told so; left says how many are.
func (s *Server) endSignIns(w http.ResponseWriter, r *http.Request, ids ...string) (left int, err error) {
	ctx, browser := r.Context(), s.pageBrowser(r)
	for _, id := range ids {
		if err := s.config.Store.RemoveSignIn(ctx, browser, id); err != nil {
			return 0, err
		}
		s.config.Log.InfoContext(ctx, "signed out", "account", id)
	}
	rest, err := s.signedIn(ctx, browser)
	if err != nil || len(rest) > 0 {
		return len(rest), err
	}
	if err := s.sessions.page.Destroy(ctx); err != nil {
		return 0, err
	}
	// The FedCM session's row names a browser in which nobody is signed in; the
	// next sweep after its end removes it.
	s.sessions.fedcm.WriteSessionCookie(ctx, w, "", time.Time{})
	setLogin(w, 0)
	return 0, nil
}

// setLogin tells the browser whether anybody is signed in here (Login Status
// API, the Set-Login response header).
func setLogin(w http.ResponseWriter, accounts int) {
	w.Header().Set(wire.HeaderSetLogin, wire.SetLogin(accounts))
}

// scsStore is the session store as scs wants it, for one kind. scs goes by the
// system clock, so this does too.
type scsStore struct {
	store SessionStore
	kind  string
}

var _ scs.CtxStore = scsStore{}

func (s scsStore) FindCtx(ctx context.Context, token string) ([]byte, bool, error) {
	b, err := s.store.FindSession(ctx, s.kind, token, time.Now())
	if errors.Is(err, ErrNotFound) {
		return nil, false, nil
	}
	return b, err == nil, err
}

func (s scsStore) CommitCtx(ctx context.Context, token string, b []byte, expiry time.Time) error {
	return s.store.CommitSession(ctx, s.kind, token, b, expiry)
}

func (s scsStore) DeleteCtx(ctx context.Context, token string) error {
	return s.store.DeleteSession(ctx, s.kind, token)
}

func (s scsStore) Find(token string) ([]byte, bool, error) {
	return s.FindCtx(context.Background(), token)
}

func (s scsStore) Commit(token string, b []byte, expiry time.Time) error {
	return s.CommitCtx(context.Background(), token, b, expiry)
}

func (s scsStore) Delete(token string) error {
	return s.DeleteCtx(context.Background(), token)
}
