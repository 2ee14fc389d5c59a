package pages

import (
	"net/http"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// Explanation is a refusal in words for the person who was in front of it, not
// for the developer of the site.
type Explanation struct {
	Code, Title, Text, Advice string
	Href, Action              string // the way on, if there is one
}

// Refusals of the provider's window beside those of the FedCM endpoints.
const (
	CodeNotWindow    = "not_a_window"
	CodeNoState      = "state_missing"
	CodeNoAction     = "action_unknown"
	CodeNoContext    = "context_unknown"
	CodeTwice        = "duplicate_parameter"
	CodeNotConnected = "not_connected"
)

// ErrNoAction refuses a form that does not say which button was pressed.
var ErrNoAction = web.NewProblem(http.StatusBadRequest, CodeNoAction,
	"The form does not say what to do. Go back and press one of the buttons.")

// TextOf is what the page about a code says.
func TextOf(code string) string { return explanations[code].Text }

// explanations are the pages behind the error URLs of FedCM. The site's own
// mistakes say so, so that nobody looks for them here.
var explanations = map[string]Explanation{
	fedcm.CodeSignedOut: {
		Title: "You are not signed in here",
		Text:  "The site asked who you are, but nobody is signed in at this provider in this browser any more.",
		Href:  "/signin", Action: "Sign in",
		Advice: "Sign in, go back to the site and try again.",
	},
	fedcm.CodeForeignAccount: {
		Title: "That account is not signed in here",
		Text:  "The site asked for an account that is not, or no longer, signed in in this browser.",
		Href:  "/signin", Action: "Sign in",
		Advice: "Sign in with that account, go back to the site and try again.",
	},
	fedcm.CodeUnknownClient: {
		Title:  "This site is not registered with us",
		Text:   "We do not know the site that asked who you are, so we told it nothing.",
		Advice: "There is nothing that you can do here. The people who run the site have to register it.",
	},
	fedcm.CodeForeignOrigin: {
		Title:  "The request came from somewhere else",
		Text:   "A page asked in the name of a site that it does not belong to, so we told it nothing.",
		Advice: "If you did not expect this, close that page. If you run the site, register this exact origin for it.",
	},
	CodeNotConnected: {
		Title:  "There is no connection to end",
		Text:   "The site asked to be disconnected from an account that it is not connected to. Nothing was changed.",
		Advice: "You can close this window.",
	},
	fedcm.CodeUnavailable: {
		Title:  "We could not answer just now",
		Text:   "The sign-in was not completed, and the site was told nothing.",
		Advice: "Try again in a moment.",
	},
	tokens.ErrNoAlgorithm.Code: {
		Title:  "The site asked for something that we do not have",
		Text:   "It is registered for a kind of signature that this provider has no key for. The site was told nothing.",
		Advice: "There is nothing that you can do here. The people who run the provider have to add a key.",
	},
}

// siteFault is a mistake in how a site asked; they are all one to people.
var siteFault = Explanation{
	Title:  "The site asked in a way that we refuse",
	Text:   "Something is wrong with the request that the site made in your browser, so we told it nothing.",
	Advice: "There is nothing that you can do here. The code, if there is one below, tells the people who run the site what to change.",
}

// siteFaults are the codes that siteFault explains.
var siteFaults = []string{
	fedcm.CodeNotBrowser, fedcm.CodeNoClient, fedcm.CodeNoOrigin, fedcm.CodeNoNonce, fedcm.CodeLongNonce,
	fedcm.CodeInvalidRequest, wire.CodeForm, wire.CodeDuplicate, wire.CodeParams, wire.CodeNonceDiffers,
	CodeNotWindow, CodeNoState, CodeNoAction, CodeNoContext,
	"method_not_allowed", "wrong_content_type", "body_too_large", "body_unreadable", "malformed_form", "duplicate_parameter", "redirect_uri_mismatch",
}

// TitleOf is what a refusal is called in front of people.
func TitleOf(p *web.Problem) string {
	if e, ok := explanations[p.Code]; ok {
		return e.Title
	}
	switch {
	case slices.Contains(siteFaults, p.Code):
		return siteFault.Title
	case p.Status == http.StatusNotFound:
		return "There is no such page"
	case p.Status == http.StatusTooManyRequests:
		return "That was too often"
	}
	return "That is not possible"
}

// ServeError shows what a code means. The page only ever shows its own words: a
// code that this provider never sends is not repeated.
func (p *Pages) ServeError(w http.ResponseWriter, r *http.Request) error {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		return refused
	}
	code := web.Query(r).Get("code")
	e, own := explanations[code]
	if !own {
		e = siteFault
	}
	if own || slices.Contains(siteFaults, code) {
		e.Code = code
	}
	look.Render(w, r, http.StatusOK, errorPage(p.view(r.Context(), Error, e.Title, ""), e))
	return nil
}
