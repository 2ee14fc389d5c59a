package rpserver

import (
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// backChannelPath is where providers tell that somebody signed out there (OpenID
// Connect Back-Channel Logout 1.0).
const backChannelPath = "/signout/backchannel/"

// BackChannelLogoutURIs are what to register at the providers as
// backchannel_logout_uri, one for each.
func (rp *RP) BackChannelLogoutURIs() []string {
	var out []string
	for _, p := range rp.providers {
		out = append(out, rp.origin+rp.prefix+backChannelPath+p.Name)
	}
	return out
}

// serveBackChannel answers POST signout/backchannel/NAME (section 2.5): it ends the
// sign-ins that the logout token names, by session, or by subject where it names no
// session. It comes from the provider's server: there is no cookie and no page to ask.
//
// A provider that gets no answer, or a 503, sends the token again, so it is used up
// (jti) after the sign-ins were ended: what is done twice is done once.
func (rp *RP) serveBackChannel(w http.ResponseWriter, r *http.Request) error {
	p, err := rp.providerNamed([]string{r.PathValue("provider")})
	if err != nil {
		return err
	}
	form, problem := web.ReadForm(w, r, int64(p.maxIDToken()+4<<10))
	if problem != nil {
		return problem
	}
	tokens := form["logout_token"]
	if len(tokens) != 1 || tokens[0] == "" {
		return web.NewProblem(http.StatusBadRequest, "logout_token_missing", "Send one logout_token, as a form.")
	}
	ctx, now := r.Context(), rp.now()
	algorithms, err := p.algorithms(ctx)
	if err != nil {
		return rp.keysUnavailable(r, p, err)
	}
	t, err := jwks.Judge(ctx, p.keys, p.Issuer, errKeyUnknown, func(keys *jws.KeySet) (*oidc.LogoutToken, error) {
		return oidc.VerifyLogoutToken(tokens[0], p.config(keys, algorithms), now)
	})
	var unavailable *jwks.Unavailable
	var refused *oidc.Error
	switch {
	case errors.As(err, &unavailable):
		return rp.keysUnavailable(r, p, err)
	case errors.As(err, &refused): // section 2.8
		return web.NewProblem(http.StatusBadRequest, refused.Code, "The logout token was refused: "+refused.Message+".")
	case err != nil:
		return err
	}
	used := logoutUse{provider: p.Name, id: t.ID, expires: time.Unix(t.Expiry, 0)}
	if err := rp.checkLogout(ctx, used, now); err != nil {
		return err
	}
	n, err := rp.signIns.EndSignIns(ctx, SignInsWhere{Issuer: p.issuerOf(t.Issuer), Subject: t.Subject, SessionID: sessionOf(t.SessionID)}, now)
	if err != nil {
		return err
	}
	if err := rp.useLogout(ctx, used, now); err != nil {
		return err
	}
	rp.sweepSignIns(ctx, now)
	rp.log.InfoContext(ctx, "relying party: signed out by the provider", "issuer", p.Issuer, "sign_ins", n)
	return nil // 200, no-store
}
