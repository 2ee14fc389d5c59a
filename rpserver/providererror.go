package rpserver

import (
	"errors"
	"log/slog"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// What people are told where it is the provider that fails. The log has the
// reason; its own words are not repeated: they could be anybody's.

// whyOf are the attributes of a log line about a provider: what the other side said, the
// values of a comparison that failed, and the setting that would change it. None of them
// is a token, a code or a secret: protocol/oidc and op see to that.
func whyOf(p *provider, err error) []any {
	attrs := []any{"issuer", p.Issuer, "provider", p.Name}
	var exchange *op.Error
	if errors.As(err, &exchange) {
		attrs = append(attrs, "code", exchange.Code)
		if exchange.Status != 0 {
			attrs = append(attrs, "status", exchange.Status)
		}
		if exchange.Said != "" {
			attrs = append(attrs, "said", exchange.Said)
		}
		if exchange.Setting != "" {
			attrs = append(attrs, "setting", exchange.Setting)
		}
	}
	var refused *oidc.Error
	if errors.As(err, &refused) {
		attrs = append(attrs, "code", refused.Code)
		if refused.Want != "" || refused.Got != "" {
			attrs = append(attrs, "want", refused.Want, "got", refused.Got)
		}
		if setting := refused.Setting(); setting != "" {
			attrs = append(attrs, "setting", setting)
		}
	}
	var unavailable *jwks.Error
	if errors.As(err, &unavailable) {
		attrs = append(attrs, "reason", unavailable.Reason)
		if setting := whereSetting(unavailable); setting != "" {
			attrs = append(attrs, "setting", setting)
		}
	}
	return append(attrs, "error", err)
}

// whereSetting is the setting that names where a document is, if its address redirects.
func whereSetting(why *jwks.Error) string {
	var inner *jwks.Error
	switch {
	case why.Reason != jwks.ReasonRedirect:
		return ""
	case why.Code == jwks.CodeDiscovery, errors.As(why.Err, &inner) && inner.Code == jwks.CodeDiscovery:
		return "DiscoveryURL"
	}
	return "JWKSURL"
}

// logProvider says in the log what a provider did that cost nobody a sign-in.
func (rp *RP) logProvider(r *http.Request, p *provider, message string, err error) {
	rp.log.WarnContext(r.Context(), message, whyOf(p, err)...)
}

// keysUnavailable says that the token was not judged at all.
func (rp *RP) keysUnavailable(r *http.Request, p *provider, err error) error {
	rp.log.ErrorContext(r.Context(), "relying party: no keys of the provider", whyOf(p, err)...)
	return soon(err, web.NewProblem(http.StatusServiceUnavailable, "keys_unavailable",
		"The identity provider's keys cannot be had at the moment, so the token was not judged. Try again."))
}

// endpointsUnavailable says that the provider could not be asked.
func (rp *RP) endpointsUnavailable(r *http.Request, p *provider, err error) error {
	rp.log.ErrorContext(r.Context(), "relying party: no endpoints of the provider", whyOf(p, err)...)
	return soon(err, web.NewProblem(http.StatusServiceUnavailable, "provider_unreachable",
		"The identity provider does not answer, or does not offer this way of signing in. Try again."))
}

// soon tells the browser when to come back, where it is known.
func soon(err error, p *web.Problem) *web.Problem {
	var why *jwks.Error
	if errors.As(err, &why) {
		p.RetryAfter = why.RetryAfter
	}
	return p
}

// providerRefusals are what people are told where a provider gave this site nothing. They
// cannot help a wrong secret, and are not told that they did something wrong.
var providerRefusals = map[string]*web.Problem{
	op.CodeUnreachable: web.NewProblem(http.StatusServiceUnavailable, op.CodeUnreachable,
		"The identity provider did not answer this site. Nobody was signed in; start again."),
	op.CodeBusy: web.NewProblem(http.StatusServiceUnavailable, op.CodeBusy,
		"The identity provider is busy. Nobody was signed in; start again in a minute."),
	op.CodeRefused: web.NewProblem(http.StatusForbidden, op.CodeRefused,
		"The identity provider did not accept its own answer: it was used before, or is too old. Start signing in again."),
	op.CodeNotTaken: web.NewProblem(http.StatusBadGateway, op.CodeNotTaken,
		"The identity provider did not accept this site's request. You did nothing wrong: the people who run the site have to look at its settings."),
	op.CodeClient: web.NewProblem(http.StatusBadGateway, op.CodeClient,
		"The identity provider did not accept this site. You did nothing wrong: the people who run the site have to look at its client id and secret."),
	op.CodeAuth: web.NewProblem(http.StatusBadGateway, op.CodeAuth,
		"This site cannot show the identity provider who it is. You did nothing wrong: the people who run the site have to look at its settings."),
	op.CodeOtherPerson: web.NewProblem(http.StatusForbidden, op.CodeOtherPerson,
		"The identity provider's answers are about two different people. Nobody was signed in."),
	op.CodeAccess: web.NewProblem(http.StatusBadGateway, op.CodeAccess,
		"The identity provider did not say who you are. Nobody was signed in; start again."),
	op.CodeNoEndpoint: web.NewProblem(http.StatusBadGateway, op.CodeNoEndpoint,
		"The identity provider has no place for what this site asks. The people who run the site have to look at its settings."),
	op.CodeMalformed: web.NewProblem(http.StatusBadGateway, op.CodeMalformed, "The identity provider's answer cannot be read."),
	op.CodeTooLarge: web.NewProblem(http.StatusBadGateway, op.CodeTooLarge,
		"The identity provider's answer is larger than this site reads. The people who run the site have to allow it."),
	op.CodeNoIDToken: web.NewProblem(http.StatusBadGateway, op.CodeNoIDToken, "The identity provider's answer holds no ID token."),
}

// noAnswer says why the provider gave this site nothing. A provider that said when it
// may be asked again says it to the browser as well.
func (rp *RP) noAnswer(r *http.Request, p *provider, err error) error {
	var why *op.Error
	if !errors.As(err, &why) || providerRefusals[why.Code] == nil {
		return err
	}
	level := slog.LevelWarn
	if why.Code == op.CodeUnreachable || why.Code == op.CodeClient {
		level = slog.LevelError
	}
	rp.log.Log(r.Context(), level, "relying party: the provider gave nothing", whyOf(p, err)...)
	problem := *providerRefusals[why.Code]
	if why.After.Known {
		problem.RetryAfter = why.After.Duration
	}
	return &refusedBecause{&problem, err}
}

// providerRefusal says what the provider's error means, to the log in its own words, which
// repeat nothing that was sent with this state.
func (rp *RP) providerRefusal(r *http.Request, p *provider, e *oidc.ProviderError, state string) error {
	e = op.Answered(e, state)
	attrs := []any{"issuer", p.Issuer, "provider", p.Name, "said", e.Said()}
	if setting := op.RequestSetting(e.Code); setting != "" {
		attrs = append(attrs, "setting", setting)
	}
	rp.log.WarnContext(r.Context(), "relying party: the provider refused", attrs...)
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
	return &refusedBecause{web.NewProblem(http.StatusForbidden, code, detail), e}
}
