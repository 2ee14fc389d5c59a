package idpserver

import (
	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
)

// Page names a page for Config.Pages.
type Page string

// The pages.
const (
	PageHome        Page = pages.Home
	PageSignUp      Page = pages.SignUp
	PageSignIn      Page = pages.SignIn
	PageAccount     Page = pages.Account
	PageVerifyEmail Page = pages.VerifyEmail
	PageSignOut     Page = pages.SigningOut // a site asks to sign somebody out
	PageError       Page = pages.Error
	PageConsent     Page = pages.Asking // a site asks who somebody is, by redirect or popup
)

// PageAt says which page is about to be shown.
type PageAt struct {
	Page Page
	// Waiting says that another site waits for the decision made there: the page
	// asks for consent, or is on the way to one that does. Nothing may cover what
	// people press on such a page.
	Waiting bool
	// Next is the path that signing in goes on to, and what a form of the page
	// carries along under this name; empty where there is none.
	Next string
}

// PageParts is what is added to a page. Components that are nil add nothing.
type PageParts struct {
	Top    templ.Component // above the head
	Form   templ.Component // on the sign-in page, above its form
	Bottom templ.Component // between the page and its foot
	// Styles and Scripts are URL paths of sheets and modules that these need; the
	// program that names them serves them.
	Styles, Scripts []string
}
