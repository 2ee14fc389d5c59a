package people

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// Here lists the accounts that are signed in in the browser of a page's request,
// oldest first.
func (p *People) Here(r *http.Request) ([]*directory.Account, error) {
	return p.HereSince(r, time.Time{})
}

// HereSince lists those of them that signed in at or after since.
func (p *People) HereSince(r *http.Request, since time.Time) ([]*directory.Account, error) {
	browser, err := p.browser(r, p.page)
	if err != nil {
		return nil, err
	}
	return p.signedIn(r.Context(), browser, since)
}

// ForFedCM lists the accounts that are signed in in the browser that sent a FedCM
// request. The header is checked here too, so that no caller can forget it: without
// Sec-Fetch-Dest: webidentity the cookie does not exist.
func (p *People) ForFedCM(r *http.Request) ([]*directory.Account, error) {
	if fedcm.CheckDest(r.Header.Get("Sec-Fetch-Dest")) != nil {
		return nil, nil
	}
	browser, err := p.browser(r, p.fedcm)
	if err != nil {
		return nil, err
	}
	return p.signedIn(r.Context(), browser, time.Time{})
}

func (p *People) signedIn(ctx context.Context, browser string, since time.Time) ([]*directory.Account, error) {
	if browser == "" {
		return nil, nil
	}
	list, err := p.c.Store.SignIns(ctx, browser, p.c.Now())
	if err != nil {
		return nil, err
	}
	accounts := make([]*directory.Account, 0, len(list))
	for _, si := range list {
		if !since.IsZero() && si.At.Unix() < since.Unix() {
			continue
		}
		a, err := p.c.Store.Account(ctx, si.Account)
		if errors.Is(err, directory.ErrNotFound) {
			continue // the account is gone, and its sign-in with it
		}
		if err != nil {
			return nil, err
		}
		accounts = append(accounts, a)
	}
	return accounts, nil
}

// SignInHere is the sign-in of an account in the browser of a page's request, or
// ErrNotYours.
func (p *People) SignInHere(r *http.Request, account string) (directory.SignIn, error) {
	browser, err := p.browser(r, p.page)
	if err != nil {
		return directory.SignIn{}, err
	}
	list, err := p.c.Store.SignIns(r.Context(), browser, p.c.Now())
	if err != nil {
		return directory.SignIn{}, err
	}
	for _, si := range list {
		if si.Account == account {
			return si, nil
		}
	}
	return directory.SignIn{}, ErrNotYours
}

// amrPassword says that the person knew their password (RFC 8176 section 2). Whoever
// signs up chose it just before.
const amrPassword = "pwd"

// Begin signs the account in in the browser of r, beside the accounts that are
// signed in there. The browser gets a new name and all cookies a new token, so
// that nobody who knew the old ones (session fixation) is signed in too.
func (p *People) Begin(w http.ResponseWriter, r *http.Request, a *directory.Account) error {
	ctx, now := r.Context(), p.c.Now()
	before, err := p.browser(r, p.page)
	if err != nil {
		return err
	}
	browser := rand.Text()
	err = p.c.Store.AddSignIn(ctx, before, browser,
		directory.SignIn{ID: rand.Text(), Account: a.ID, At: now, Expires: now.Add(p.c.SessionLifetime), AMR: []string{amrPassword}})
	if err != nil {
		return err
	}
	if before != "" {
		if err := p.c.Store.DeleteSession(ctx, seenKind, hashToken(before)); err != nil {
			return err
		}
	}
	if err := p.use(ctx, browser); err != nil {
		return err
	}
	for _, c := range []cookie{p.page, p.fedcm} {
		if err := p.forget(r, c); err != nil {
			return err
		}
		if err := p.give(ctx, w, c, browser, p.c.SessionLifetime); err != nil {
			return err
		}
	}
	if err := p.know(w, r, a); err != nil {
		return err
	}
	p.Sweep(ctx)
	SetLogin(w, 1)
	p.c.Log.InfoContext(ctx, "signed in", "account", a.ID)
	return nil
}

// End signs accounts out of the browser of r. When nobody is left the two cookies go,
// and the browser is told so; left says how many are.
func (p *People) End(w http.ResponseWriter, r *http.Request, ids ...string) (left int, err error) {
	ctx := r.Context()
	browser, err := p.browser(r, p.page)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		if err := p.c.Store.RemoveSignIn(ctx, browser, id); err != nil {
			return 0, err
		}
		p.c.Log.InfoContext(ctx, "signed out", "account", id)
	}
	rest, err := p.signedIn(ctx, browser, time.Time{})
	if err != nil || len(rest) > 0 {
		return len(rest), err
	}
	for _, c := range []cookie{p.page, p.fedcm} {
		if err := p.forget(r, c); err != nil {
			return 0, err
		}
		c.take(w)
	}
	SetLogin(w, 0)
	return 0, nil
}

// SetLogin tells the browser whether anybody is signed in here (Login Status API,
// the Set-Login response header).
func SetLogin(w http.ResponseWriter, accounts int) {
	w.Header().Set(fedcm.HeaderSetLogin, fedcm.SetLogin(accounts))
}
