package idpserver_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/idpserver"
)

// Whatever an operator puts below the pages, nothing of it stands in a window in
// which another site waits: it could cover what somebody is about to press.
func TestNothingStandsOverAPageOnWhichAnotherSiteWaits(t *testing.T) {
	p := newIdP(t, func(c *idpserver.Config) {
		c.Pages = func(_ context.Context, at idpserver.PageAt) idpserver.PageParts {
			if at.Waiting {
				return idpserver.PageParts{}
			}
			return idpserver.PageParts{
				Top:    templ.Raw("A role of this provider."),
				Bottom: templ.Raw("<details>extra of " + string(at.Page) + "</details>"),
				Styles: []string{"/extra.css"}, Scripts: []string{"/extra.js"},
			}
		}
	})
	ada := p.create("ada@corp.example")
	parts := []string{"A role of this provider.", "/extra.css", "/extra.js", "<details>extra of"}
	look := func(name string, res *http.Response, want bool) {
		t.Helper()
		wantStatus(t, res, http.StatusOK)
		text := body(t, res)
		for _, part := range parts {
			if strings.Contains(text, part) != want {
				t.Errorf("%s: %q is there: %v, want %v", name, part, !want, want)
			}
		}
	}
	code, _ := codeRequest(t)
	popup := "/fedcm/popup?" + popupRequest().Encode()
	authorize := "/authorize?" + code.Encode()
	next := "?" + url.Values{"next": {authorize}}.Encode()

	b := p.browser()
	look("signing in here", b.get("/signin"), true)
	look("signing up here", b.get("/signup"), true)
	look("signing in on the way to a site", b.get("/signin"+next), false)
	look("signing up on the way to a site", b.get("/signup"+next), false)
	look("the window, before anybody signed in", b.get(popup), false)

	b.signIn(ada.Email)
	look("the account", b.get("/account"), true)
	look("verifying the address", b.get("/verify-email?account="+ada.ID), true)
	look("verifying the address on the way to a site", b.get("/verify-email"+next+"&account="+ada.ID), false)
	look("consent in the window", b.get(popup), false)
	look("consent by redirect", b.get(authorize), false)
}
