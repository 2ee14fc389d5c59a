// Package pages is what people see of an identity provider: signing up and in, the
// account, the mailed code, refusals, pictures, and the question whether a site may
// know who somebody is. Who asks that question, and what follows from the answer, is
// for packages op and popup.
package pages

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// AssetPrefix is the path of the sheets and scripts of these pages.
const AssetPrefix = "/_idp/"

//go:embed assets
var assetFiles embed.FS

// Assets are the sheets and scripts.
var Assets = loadAssets()

func loadAssets() *look.Assets {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic("pages: " + err.Error()) // the folder is compiled in
	}
	a, err := look.NewAssets(AssetPrefix, files)
	if err != nil {
		panic("pages: " + err.Error())
	}
	return a
}

// The names of pages.
const (
	Home        = "home"
	SignUp      = "signup"
	SignIn      = "signin"
	Account     = "account"
	VerifyEmail = "verify-email"
	Error       = "error"
	Asking      = "consent" // a site asks who somebody is, by redirect or window
	SigningOut  = "signout" // a site asks to sign somebody out
)

// At says which page is about to be shown.
type At struct {
	Page string
	// Waiting says that another site waits for what is decided there: the page asks
	// for consent, or is on the way to one that does.
	Waiting bool
	Next    string // where signing in goes on to; empty: to the account
}

// Parts are what an operator adds to a page.
type Parts struct {
	Top, Form, Bottom templ.Component
	Styles, Scripts   []string
}

// Config is what the room needs; all fields but Parts are required.
type Config struct {
	Name, Issuer      string
	MinPasswordLength int // in characters
	People            *people.People
	Tokens            *tokens.Tokens
	Clients           directory.ClientStore
	Parts             func(context.Context, At) Parts
	Log               *slog.Logger
}

// Pages shows them. It is immutable and safe for concurrent use.
type Pages struct{ c Config }

// New makes the room.
func New(c Config) *Pages { return &Pages{c} }

// Handler is a handler of a page; what it returns is shown as a page.
type Handler func(http.ResponseWriter, *http.Request) error

// Serve shows what a page returns, and keeps it out of caches.
func (p *Pages) Serve(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		head := w.Header()
		head.Set("Cache-Control", "no-store")
		// Nothing to other sites. Not no-referrer, with which browsers send
		// "Origin: null" with our own forms too.
		head.Set("Referrer-Policy", "same-origin")
		if strings.HasPrefix(p.c.Issuer, "https:") { // RFC 6797 section 6.1; in seconds: two years
			head.Set("Strict-Transport-Security", "max-age=63072000")
		}
		if err := h(w, r); err != nil {
			p.AnswerError(w, r, err)
		}
	}
}

// alone cuts the ties to whatever opened the page (HTML, "cross-origin opener
// policies"). Not on pages that may stand in a window of a sign-in: they answer, or
// lead to what answers, the page that opened it.
func alone(w http.ResponseWriter) {
	w.Header().Set("Cross-Origin-Opener-Policy", "same-origin-allow-popups")
}

// NotFound is the page of every other path.
func NotFound(http.ResponseWriter, *http.Request) error {
	return web.NewProblem(http.StatusNotFound, "not_found", "There is no such page here.")
}

// AnswerError shows a refusal as a page. What is not a refusal is a fault of
// ours: it is logged, and people are told to come back.
func (p *Pages) AnswerError(w http.ResponseWriter, r *http.Request, err error) {
	refused := p.Refusal(r, err)
	refused.SetHeaders(w.Header())
	look.Render(w, r, refused.Status, errorPage(p.view(r.Context(), Error, "Not possible", ""), Explanation{
		Code: refused.Code, Title: TitleOf(refused), Text: refused.Detail,
	}))
}

// Refusal is what an error is in front of people. It is logged here.
func (p *Pages) Refusal(r *http.Request, err error, about ...any) *web.Problem {
	var refused *web.Problem
	if !errors.As(err, &refused) {
		p.c.Log.ErrorContext(r.Context(), "page failed", append([]any{"path", web.ForLog(r.URL.Path), "error", err.Error()}, about...)...)
		return web.NewProblem(http.StatusServiceUnavailable, fedcm.CodeUnavailable,
			"We could not answer just now. Nothing was done; try again in a moment.")
	}
	p.c.Log.InfoContext(r.Context(), "request refused",
		append([]any{"path", web.ForLog(r.URL.Path), "code", refused.Code, "status", refused.Status}, about...)...)
	return refused
}
