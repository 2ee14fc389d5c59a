package tokens

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/internal/logout"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// SignOut signs accounts out of the browser of a page's request, ends what clients have of
// these sign-ins and that does not outlive them, and tells the clients that want to know.
// left says how many accounts are still signed in there.
func (t *Tokens) SignOut(w http.ResponseWriter, r *http.Request, accounts ...string) (left int, err error) {
	var told []directory.Authorization
	for _, account := range accounts {
		s, err := t.c.People.SignInHere(r, account)
		if err != nil {
			return 0, err
		}
		if s.ID == "" {
			continue
		}
		all, err := t.c.Store.AuthorizationsOf(r.Context(), account, t.c.Now())
		if err != nil {
			return 0, err
		}
		// First, so that nothing is left if one of them fails: the person can sign out again.
		_, err = t.c.Store.RevokeAuthorizations(r.Context(), directory.Authorizations{SignIn: s.ID, OnlineAlone: true}, t.c.Now())
		if err != nil {
			return 0, err
		}
		for _, a := range all {
			if a.SignIn == s.ID {
				told = append(told, a)
			}
		}
	}
	left, err = t.c.People.End(w, r, accounts...)
	if err == nil {
		t.tell(r.Context(), told)
	}
	return left, err
}

// tell sends a logout token to each client of these authorizations that wants one, once
// for each of its sessions.
func (t *Tokens) tell(ctx context.Context, ended []directory.Authorization) {
	done := map[[2]string]bool{}
	for _, a := range ended {
		key := [2]string{a.Client, a.SessionID}
		if done[key] {
			continue
		}
		done[key] = true
		client, err := t.c.Clients.Client(ctx, a.Client)
		if err != nil {
			if !errors.Is(err, directory.ErrNotFound) {
				t.c.Log.ErrorContext(ctx, "a sign-out was not told to a site", "client", a.Client, "error", err.Error())
			}
			continue
		}
		if client.BackChannelLogoutURI == "" {
			continue
		}
		t.c.Logout.Send(logout.Notice{Client: client.ID, URI: client.BackChannelLogoutURI, Token: func() (string, error) {
			return t.logoutToken(context.WithoutCancel(ctx), client, a)
		}})
	}
}

// logoutLifetime is how long a logout token is good for, in seconds (section 2.4).
const logoutLifetime = 120

// logoutToken is the token of OpenID Connect Back-Channel Logout 1.0 section 2.4.
func (t *Tokens) logoutToken(ctx context.Context, client *directory.Client, a directory.Authorization) (string, error) {
	signer, err := t.signer(ctx, client)
	if err != nil {
		return "", err
	}
	now := t.c.Now().Unix()
	var event, events, w strictjson.Writer
	empty, err := event.Bytes()
	if err != nil {
		return "", err
	}
	events.Raw(oidc.LogoutEvent, empty)
	of, err := events.Bytes()
	if err != nil {
		return "", err
	}
	w.String("iss", t.c.Issuer)
	w.String("sub", a.Account)
	w.String("aud", client.ID)
	w.Int("iat", now)
	w.Int("exp", now+logoutLifetime)
	w.String("jti", rand.Text())
	w.OptString("sid", a.SessionID)
	w.Raw("events", of)
	claims, err := w.Bytes()
	if err != nil {
		return "", err
	}
	return jws.Sign(signer, "logout+jwt", claims)
}
