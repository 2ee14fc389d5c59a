package pages

import (
	"net/http"
	"net/url"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/look"
)

// SignOut is a page that asks whether to sign out, because a site or a link led to it.
type SignOut struct {
	Client *directory.Client // nil: no site says that it asks
	Action string            // where the form goes
	Hidden url.Values        // the request, which it carries along
}

func (s SignOut) asks() string {
	if s.Client == nil {
		return "Something led you here to sign out. If that was not you, stay signed in."
	}
	return s.Client.Name + " asks to sign you out here as well. Other sites that you signed in to by this account may sign you out too."
}

// ShowSignOut draws it. Its form leads to the client, which may send the browser on to
// wherever it likes.
func (p *Pages) ShowSignOut(w http.ResponseWriter, r *http.Request, s SignOut) {
	look.Render(w, r, http.StatusOK, signOutPage(p.view(r.Context(), SigningOut, "Sign out", ""), s), look.CSP{FormsLeadAway: true})
}

// ShowSignedOut says that nobody is signed in here any more.
func (p *Pages) ShowSignedOut(w http.ResponseWriter, r *http.Request) {
	look.Render(w, r, http.StatusOK, signedOutPage(p.view(r.Context(), SigningOut, "Signed out", "")))
}
