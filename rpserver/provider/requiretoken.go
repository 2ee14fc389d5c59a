package provider

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

type tokenContextKey struct{}

// TokenOf returns the token that RequireToken let through; false outside the handlers
// behind it.
func TokenOf(ctx context.Context) (*oidc.IDToken, bool) {
	t, ok := ctx.Value(tokenContextKey{}).(*oidc.IDToken)
	return t, ok
}

// RequireToken lets requests with a good token through; handlers ask TokenOf. Others are
// answered with a problem document (RFC 9457): 401 with WWW-Authenticate (RFC 6750
// section 3) and the code of the refusal, or 503 keys_unavailable where the token could
// not be judged. What the token said and what was wanted is in the log alone.
func (v *Verifier) RequireToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, problem := v.bearer(r)
		if problem == nil {
			var id *oidc.IDToken
			if id, problem = v.judge(r, token); problem == nil {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), tokenContextKey{}, id)))
				return
			}
		}
		switch {
		case problem.Status != http.StatusUnauthorized:
		case token == "" && problem.Code == codeMissing:
			w.Header().Set("WWW-Authenticate", "Bearer") // without an error: nothing was tried
		default:
			w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		}
		problem.Write(w)
	})
}

const codeMissing = "token_missing"

// bearer reads the one token of a request.
func (v *Verifier) bearer(r *http.Request) (string, *web.Problem) {
	name, scheme := v.c.Header, ""
	if name == "" {
		name, scheme = "Authorization", "bearer "
	}
	values := r.Header.Values(name)
	if len(values) > 1 {
		return "", web.NewProblem(http.StatusUnauthorized, "token_duplicated",
			"The request has the header "+name+" more than once. Send one token.")
	}
	value := ""
	if len(values) == 1 {
		value = values[0]
	}
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) || len(value) == len(scheme) {
		where := name
		if scheme != "" {
			where = name + ": Bearer"
		}
		return "", web.NewProblem(http.StatusUnauthorized, codeMissing, "The request has no token. Send it in the header "+where+".")
	}
	return strings.TrimLeft(value[len(scheme):], " "), nil // RFC 9110 section 11.4: one space or more
}

// judge turns an error into what the other side is told.
func (v *Verifier) judge(r *http.Request, token string) (*oidc.IDToken, *web.Problem) {
	id, err := v.Verify(r.Context(), token)
	if err == nil {
		return id, nil
	}
	var refused *oidc.Error
	if errors.As(err, &refused) {
		attrs := []any{"issuer", v.c.Issuer, "code", refused.Code}
		if refused.Want != "" || refused.Got != "" {
			attrs = append(attrs, "want", refused.Want, "got", refused.Got)
		}
		if setting := refused.Setting(); setting != "" {
			attrs = append(attrs, "setting", setting)
		}
		v.c.Log.WarnContext(r.Context(), "token verifier: refused", attrs...)
		return nil, web.NewProblem(http.StatusUnauthorized, refused.Code, "The token was refused: "+refused.Message+".")
	}
	problem := web.NewProblem(http.StatusServiceUnavailable, "keys_unavailable",
		"The keys of the token's issuer cannot be had at the moment, so the token was not judged. Try again.")
	var why *jwks.Error
	if errors.As(err, &why) {
		problem.RetryAfter = why.RetryAfter
	}
	return nil, problem
}
