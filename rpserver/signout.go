package rpserver

import "net/http"

// serveSignOut answers POST signout: the session ends here, and the page is told
// to call navigator.credentials.preventSilentAccess(). Without that call the
// browser could sign the person in again by itself at the next page (automatic
// re-authentication), and signing out would do nothing that they can see.
//
// It answers alike whether somebody was signed in or not.
func (rp *RP) serveSignOut(w http.ResponseWriter, r *http.Request) error {
	if err := rp.sessions.SignOut(w, r); err != nil {
		return err
	}
	rp.forgetBrowser(w)
	rp.log.InfoContext(r.Context(), "relying party: signed out")
	return writeJSON(w, struct {
		SignedOut           bool `json:"signedOut"`
		PreventSilentAccess bool `json:"preventSilentAccess"`
	}{true, true})
}
