package rpserver

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// serveSignOut answers POST signout: the session ends here, and the page is told
// to call navigator.credentials.preventSilentAccess(). Without that call the
// browser could sign the person in again by itself at the next page (automatic
// re-authentication), and signing out would do nothing that they can see.
//
// A form of a page without script cannot make that call. Its person goes back to a
// page of the site (?return=/PATH), instead of being left at the answer for scripts.
//
// With ?at=provider they are signed out at the provider too, where it offers that
// (OpenID Connect RP-Initiated Logout 1.0): the browser goes there, and comes back by
// signout/callback/NAME.
//
// It answers alike whether somebody was signed in or not.
func (rp *RP) serveSignOut(w http.ResponseWriter, r *http.Request) error {
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	back, ok := safeReturn(q["return"])
	if !ok {
		return errReturnRefused
	}
	id, err := rp.sessions.SignInID(r)
	if err != nil {
		return err
	}
	leave := ""
	if id != "" {
		if leave, err = rp.end(r, id, q.Get("at") == "provider", back); err != nil {
			return err
		}
	}
	if err := rp.sessions.SignOut(w, r); err != nil {
		return err
	}
	rp.forgetBrowser(w)
	rp.log.InfoContext(r.Context(), "relying party: signed out")
	switch {
	case !wantsPage(r):
		return writeJSON(w, struct {
			SignedOut           bool   `json:"signedOut"`
			PreventSilentAccess bool   `json:"preventSilentAccess"`
			Location            string `json:"location,omitempty"` // where the browser goes to sign out at the provider
		}{true, true, leave})
	case leave != "":
		web.Leave(w, leave)
	default:
		http.Redirect(w, r, back, http.StatusSeeOther)
	}
	return nil
}

var errReturnRefused = web.NewProblem(http.StatusBadRequest, "return_url_refused",
	"The address to return to is not a path of this site. Give a path like /basket.")

// end ends a sign-in, tells the provider that its tokens are wanted no more, and
// returns the address where the person signs out there too, if that was asked for and
// the provider has one.
func (rp *RP) end(r *http.Request, id string, atProvider bool, back string) (leave string, err error) {
	ctx, now := r.Context(), rp.now()
	s, err := rp.signIns.FindSignIn(ctx, id)
	if errors.Is(err, ErrNoSignIn) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if _, err := rp.signIns.EndSignIns(ctx, SignInsWhere{ID: id}, now); err != nil {
		return "", err
	}
	rp.sweepSignIns(ctx, now)
	p := rp.providerOf(s)
	if p == nil { // no longer among Providers
		return "", nil
	}
	kept := rp.openTokens(s.ID, s.Tokens)
	rp.revoke(ctx, p, kept)
	if !atProvider {
		return "", nil
	}
	browser, _ := rp.browserOf(r, cookieBrowser)
	leave, ok, err := p.op.EndSession(ctx, op.EndSession{
		IDTokenHint: kept.IDToken, ClientID: p.ClientID, PostLogoutRedirectURI: rp.postLogoutRedirectURI(p), MaxURL: p.MaxSignOutURL,
		State: rp.seal(sealedFor{labelSignOut, p.Name}, browser, shortPath(back), now),
	})
	if err != nil || !ok {
		if err != nil {
			rp.logProvider(r, p, "relying party: nobody is signed out at the provider", err)
		}
		return "", nil // signed out here, which is what this site can promise
	}
	return leave, nil
}

const revokeTimeout = 10 * time.Second

// revoke tells the provider that the refresh token is wanted no more (RFC 7009). The
// person does not wait for it: they are signed out whatever it answers.
func (rp *RP) revoke(ctx context.Context, p *provider, kept keptTokens) {
	if kept.Refresh == "" {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), revokeTimeout)
	go func() {
		defer cancel()
		if err := p.op.Revoke(ctx, kept.Refresh, "refresh_token"); err != nil {
			rp.log.WarnContext(ctx, "relying party: the provider did not revoke a refresh token", "issuer", p.Issuer, "error", err)
		}
	}()
}

// signedOutPath is where providers send people who signed out there.
const signedOutPath = "/signout/callback/"

// PostLogoutRedirectURIs are what to register at the providers that people are to sign
// out of as well, one for each.
func (rp *RP) PostLogoutRedirectURIs() []string {
	var out []string
	for _, p := range rp.providers {
		out = append(out, rp.postLogoutRedirectURI(p))
	}
	return out
}

func (rp *RP) postLogoutRedirectURI(p *provider) string {
	return rp.origin + rp.prefix + signedOutPath + p.Name
}

// serveSignedOut answers GET signout/callback/NAME. Who comes here is signed out
// already; what is left is where they go on to. A state that is not ours, or none, leads
// to the root: it is no reason to stop anybody.
func (rp *RP) serveSignedOut(w http.ResponseWriter, r *http.Request) error {
	p, err := rp.providerNamed([]string{r.PathValue("provider")})
	if err != nil {
		return err
	}
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	to := "/"
	if s, ok := rp.open(sealedFor{labelSignOut, p.Name}, q.Get("state")); ok && s.path != "" {
		if path, ok := safeReturn([]string{s.path}); ok {
			to = path
		}
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

// shortPath is what a state holds of a path without a cookie: nothing of a long one.
func shortPath(path string) string {
	if path == "/" || len(path) > maxSealedPath {
		return ""
	}
	return path
}

// SignOutEverywhere ends all sign-ins of a user, whichever browsers they are in, and
// returns how many there were. It is for a person who lost a device, and for an
// application that closes an account.
func (rp *RP) SignOutEverywhere(ctx context.Context, userID string) (int, error) {
	if userID == "" {
		return 0, ErrNoUser
	}
	n, err := rp.endAll(ctx, SignInsWhere{UserID: userID})
	if err != nil {
		return 0, err
	}
	rp.log.InfoContext(ctx, "relying party: signed out everywhere", "user", userID, "sign_ins", n)
	return n, nil
}

// endAll ends sign-ins of one user, and tells the providers that their tokens are wanted no
// more.
func (rp *RP) endAll(ctx context.Context, which SignInsWhere) (int, error) {
	now := rp.now()
	all, err := rp.signIns.SignInsOf(ctx, which.UserID, now)
	if err != nil {
		return 0, err
	}
	n, err := rp.signIns.EndSignIns(ctx, which, now)
	if err != nil {
		return 0, err
	}
	for i := range all {
		s := &all[i]
		if which.Issuer != "" && (s.Issuer != which.Issuer || s.Subject != which.Subject) {
			continue
		}
		if p := rp.providerOf(s); p != nil {
			rp.revoke(ctx, p, rp.openTokens(s.ID, s.Tokens))
		}
	}
	return n, nil
}

// providerOf is the provider of a sign-in, nil if it is one no more. Its name alone does
// not tell: another provider may have it now, and must not get what this one gave.
func (rp *RP) providerOf(s *SignIn) *provider {
	for _, p := range rp.providers {
		if p.Name == s.Provider && p.isIssuer(s.Issuer) {
			return p
		}
	}
	return nil
}
