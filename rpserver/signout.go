package rpserver

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// serveSignOut answers POST signout: the session ends here, and the page is told
// to call navigator.credentials.preventSilentAccess(). Without that call the
// browser could sign the person in again by itself at the next page (automatic
// re-authentication), and signing out would do nothing that they can see.
//
// A form of a page without script cannot make that call. Its person goes back to a
// page of the site (?return=/PATH), instead of being left at the answer for scripts.
//
// It answers alike whether somebody was signed in or not.
func (rp *RP) serveSignOut(w http.ResponseWriter, r *http.Request) error {
	back, form := "/", wantsPage(r)
	if form {
		q, err := readQuery(r)
		if err != nil {
			return err
		}
		var ok bool
		if back, ok = safeReturn(q["return"]); !ok {
			return errReturnRefused
		}
	}
	if err := rp.sessions.SignOut(w, r); err != nil {
		return err
	}
	rp.forgetBrowser(w)
	rp.log.InfoContext(r.Context(), "relying party: signed out")
	if form {
		http.Redirect(w, r, back, http.StatusSeeOther)
		return nil
	}
	return writeJSON(w, struct {
		SignedOut           bool `json:"signedOut"`
		PreventSilentAccess bool `json:"preventSilentAccess"`
	}{true, true})
}

var errReturnRefused = web.NewProblem(http.StatusBadRequest, "return_url_refused",
	"The address to return to is not a path of this site. Give a path like /basket.")
