package rpserver

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// What people are told where it is the provider that fails. The log has the
// reason; its own words are not repeated: they could be anybody's.

// keysUnavailable says that the token was not judged at all.
func (rp *RP) keysUnavailable(r *http.Request, p *provider, err error) error {
	rp.log.ErrorContext(r.Context(), "relying party: no keys of the provider", "issuer", p.Issuer, "error", err)
	return later(err, web.NewProblem(http.StatusServiceUnavailable, "keys_unavailable",
		"The identity provider's keys cannot be had at the moment, so the token was not judged. Try again."))
}

// later says when it is worth trying again: while a provider that failed is left
// alone, everybody is refused at once.
func later(err error, p *web.Problem) *web.Problem {
	var why *jwks.Error
	if errors.As(err, &why) {
		p.RetryAfter = why.RetryAfter
	}
	return p
}

// endpointsUnavailable says that the provider could not be asked.
func (rp *RP) endpointsUnavailable(r *http.Request, p *provider, err error) error {
	rp.log.ErrorContext(r.Context(), "relying party: no endpoints of the provider", "issuer", p.Issuer, "error", err)
	return later(err, web.NewProblem(http.StatusServiceUnavailable, "provider_unreachable",
		"The identity provider does not answer, or does not offer this way of signing in. Try again."))
}

// tokenRefusals are the answers where a code brought no ID token.
var tokenRefusals = map[string]*web.Problem{
	op.CodeUnreachable: web.NewProblem(http.StatusServiceUnavailable, op.CodeUnreachable,
		"The identity provider did not answer this site. Nobody was signed in; start again."),
	op.CodeBusy: web.NewProblem(http.StatusServiceUnavailable, op.CodeBusy,
		"The identity provider is busy. Nobody was signed in; start again in a minute."),
	op.CodeRefused: web.NewProblem(http.StatusForbidden, op.CodeRefused,
		"The identity provider did not accept its own answer: it was used before, or is too old. Start signing in again."),
	op.CodeMalformed: web.NewProblem(http.StatusBadGateway, op.CodeMalformed, "The identity provider's answer cannot be read."),
	op.CodeNoIDToken: web.NewProblem(http.StatusBadGateway, op.CodeNoIDToken, "The identity provider's answer holds no ID token."),
}

// noToken says why a code brought no ID token. A provider that said when it may be
// asked again says it to the browser as well.
func (rp *RP) noToken(w http.ResponseWriter, r *http.Request, p *provider, err error) error {
	var why *op.Error
	if !errors.As(err, &why) || tokenRefusals[why.Code] == nil {
		return err
	}
	level := slog.LevelWarn
	if why.Code == op.CodeUnreachable {
		level = slog.LevelError
	}
	rp.log.Log(r.Context(), level, "relying party: no token of the provider", "issuer", p.Issuer, "error", why)
	if why.After.Known {
		w.Header().Set("Retry-After", strconv.Itoa(int(why.After.Seconds())))
	}
	return tokenRefusals[why.Code]
}

// providerRefusal says what the provider's error means.
func providerRefusal(e *oidc.ProviderError) error {
	code, detail := "provider_error", "The identity provider refused to sign you in. Try again, or ask the people who run this site."
	switch e.Code {
	case oidc.ErrorAccessDenied:
		code, detail = "provider_access_denied", "You were not signed in: you, or the identity provider, said no."
	case oidc.ErrorLoginRequired, oidc.ErrorConsentRequired, oidc.ErrorAccountSelectionRequired, oidc.ErrorInteractionRequired:
		code, detail = "provider_"+e.Code, "The identity provider has to ask you something first. Start signing in again."
	case oidc.ErrorTemporarilyUnavailable, oidc.ErrorServer:
		code, detail = "provider_"+e.Code, "The identity provider is not available now. Try again later."
	case oidc.ErrorInvalidRequest, oidc.ErrorUnauthorizedClient, oidc.ErrorUnsupportedResponseType, oidc.ErrorInvalidScope:
		code, detail = "provider_"+e.Code, "The identity provider did not accept this site's request. The people who run the site have to change it."
	}
	return web.NewProblem(http.StatusForbidden, code, detail)
}
