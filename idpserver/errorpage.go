package idpserver

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// explanation is a refusal in words for the person who was in front of it, not
// for the developer of the site.
type explanation struct {
	code, title, text, advice string
	href, action              string // the way on, if there is one
}

// explanations are the pages behind the error URLs of FedCM. The site's own
// mistakes say so, so that nobody looks for them here.
var explanations = map[string]explanation{
	fedcm.CodeSignedOut: {
		title: "You are not signed in here",
		text:  "The site asked who you are, but nobody is signed in at this provider in this browser any more.",
		href:  "/signin", action: "Sign in",
		advice: "Sign in, go back to the site and try again.",
	},
	fedcm.CodeForeignAccount: {
		title: "That account is not signed in here",
		text:  "The site asked for an account that is not, or no longer, signed in in this browser.",
		href:  "/signin", action: "Sign in",
		advice: "Sign in with that account, go back to the site and try again.",
	},
	fedcm.CodeUnknownClient: {
		title:  "This site is not registered with us",
		text:   "We do not know the site that asked who you are, so we told it nothing.",
		advice: "There is nothing that you can do here. The people who run the site have to register it.",
	},
	fedcm.CodeForeignOrigin: {
		title:  "The request came from somewhere else",
		text:   "A page asked in the name of a site that it does not belong to, so we told it nothing.",
		advice: "If you did not expect this, close that page. If you run the site, register this exact origin for it.",
	},
	codeNotConnected: {
		title:  "There is no connection to end",
		text:   "The site asked to be disconnected from an account that it is not connected to. Nothing was changed.",
		advice: "You can close this window.",
	},
	fedcm.CodeUnavailable: {
		title:  "We could not answer just now",
		text:   "The sign-in was not completed, and the site was told nothing.",
		advice: "Try again in a moment.",
	},
	codeAlgorithm: {
		title:  "The site asked for something that we do not have",
		text:   "It is registered for a kind of signature that this provider has no key for. The site was told nothing.",
		advice: "There is nothing that you can do here. The people who run the provider have to add a key.",
	},
}

// siteFault is a mistake in how a site asked; they are all one to people.
var siteFault = explanation{
	title:  "The site asked in a way that we refuse",
	text:   "Something is wrong with the request that the site made in your browser, so we told it nothing.",
	advice: "There is nothing that you can do here. The code, if there is one below, tells the people who run the site what to change.",
}

// errorURL is the page about a code, for the error object of FedCM.
func (s *Server) errorURL(code string) string {
	return s.config.Issuer + "/error?" + url.Values{"code": {code}}.Encode()
}

// siteFaults are the codes that siteFault explains.
var siteFaults = []string{
	fedcm.CodeNotBrowser, fedcm.CodeNoClient, fedcm.CodeNoOrigin, fedcm.CodeNoNonce, fedcm.CodeLongNonce,
	fedcm.CodeInvalidRequest, wire.CodeForm, wire.CodeDuplicate, wire.CodeParams, wire.CodeNonceDiffers,
	codePopupNative, codePopupState, codePopupAction, codePopupContext,
	"method_not_allowed", "wrong_content_type", "body_too_large", "body_unreadable", "malformed_form", "duplicate_parameter", "redirect_uri_mismatch",
}

// titleOf is what a refusal is called in front of people.
func titleOf(p *web.Problem) string {
	if e, ok := explanations[p.Code]; ok {
		return e.title
	}
	switch {
	case slices.Contains(siteFaults, p.Code):
		return siteFault.title
	case p.Status == http.StatusNotFound:
		return "There is no such page"
	case p.Status == http.StatusTooManyRequests:
		return "That was too often"
	}
	return "That is not possible"
}

// serveError shows what a code means. The page only ever shows its own words: a
// code that this provider never sends is not repeated.
func (s *Server) serveError(w http.ResponseWriter, r *http.Request) error {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		return p
	}
	code := r.URL.Query().Get("code")
	e, own := explanations[code]
	if !own {
		e = siteFault
	}
	if own || slices.Contains(siteFaults, code) {
		e.code = code
	}
	look.Render(w, r, http.StatusOK, errorPage(s.view(r.Context(), PageError, e.title), e))
	return nil
}
