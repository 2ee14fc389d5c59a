package pages

import (
	"net/url"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Sizes of what pages read.
const (
	MaxForm = 16 << 10 // bytes of a page's form
	maxNext = 4 << 10  // bytes of a path to go on to, which may hold a whole request
)

// safeNext is a path of this server to go on to after signing in; everything else
// is none.
func safeNext(s string) string {
	if !web.IsPath(s, maxNext) {
		return ""
	}
	return s
}

// ParamSince is the parameter of a path to go on to that says since when somebody must
// have signed in there, in Unix seconds.
const ParamSince = "signed_in_since"

// sinceOf reads it; the zero Time if the path asks for none.
func sinceOf(next string) time.Time {
	u, err := url.Parse(next)
	if err != nil {
		return time.Time{}
	}
	n, err := strconv.ParseInt(u.Query().Get(ParamSince), 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(n, 0)
}

func withNext(page, next string) string {
	if next == "" {
		return page
	}
	return page + "?" + url.Values{"next": {next}}.Encode()
}

// afterSignIn is where people go when they have signed in. The account page
// closes the window that FedCM's dialog opened.
func afterSignIn(next string) string {
	if next == "" {
		return "/account?from=signin"
	}
	return next
}

// SignInURL is the sign-in page, which goes on to next.
func SignInURL(next, login, domain string) string {
	q := url.Values{"next": {next}}
	if login != "" {
		q.Set("login_hint", login)
	}
	if domain != "" {
		if domain == "*" {
			domain = "any"
		}
		q.Set("domain_hint", domain)
	}
	return "/signin?" + q.Encode()
}

// verifyURL is the page where a code is entered: of an account, or of a sign-up.
func verifyURL(kind, id, next, state string) string {
	v := url.Values{kind: {id}, "mail": {state}}
	if next != "" {
		v.Set("next", next)
	}
	return "/verify-email?" + v.Encode()
}

// ErrorURL is the page about a code, for the error object of FedCM.
func (p *Pages) ErrorURL(code string) string {
	return p.c.Issuer + "/error?" + url.Values{"code": {code}}.Encode()
}
