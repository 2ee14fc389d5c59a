package rpserver

import (
	"crypto/subtle"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// credentialPath is where a provider's own button posts an ID token.
const credentialPath = "/signin/credential/"

// csrfName is the name of the cookie and of the field that Google Identity Services sends
// with a credential: what is equal comes from a page that could set a cookie here.
const csrfName = "g_csrf_token"

// CredentialNonce returns the nonce for a page with a button of the provider's own script
// (data-nonce of Google Identity Services), for Provider.CredentialPost. It sets a
// cookie, so call it before anything is written to w, and let no cache keep the page.
func (rp *RP) CredentialNonce(w http.ResponseWriter, r *http.Request) string {
	w.Header().Set("Cache-Control", "no-store")
	return rp.seal(sealedFor{label: labelNonce}, rp.rememberBrowser(w, r, cookiePosted), "", rp.now())
}

// serveCredential answers POST signin/credential/NAME?return=/PATH. The request comes from
// the provider's page, with the cookies that may: the one of the nonce, and the script's
// own against forgery, which is held against the field of its name (double submit).
func (rp *RP) serveCredential(w http.ResponseWriter, r *http.Request) error {
	p, err := rp.providerNamed([]string{r.PathValue("provider")})
	if err != nil {
		return err
	}
	if !p.CredentialPost {
		return web.NewProblem(http.StatusNotFound, "credential_unsupported", "This site takes no credentials of that provider's button (CredentialPost).")
	}
	if problem := web.CheckMethod(w, r, http.MethodPost); problem != nil {
		return problem
	}
	q, err := readQuery(r)
	if err != nil {
		return err
	}
	back, ok := safeReturn(q["return"])
	if !ok {
		return errReturnRefused
	}
	form, problem := web.ReadForm(w, r, maxPosted+int64(p.maxIDToken()))
	if problem != nil {
		return problem
	}
	if cs := r.CookiesNamed(csrfName); len(cs) != 1 || cs[0].Value == "" || subtle.ConstantTimeCompare([]byte(cs[0].Value), []byte(form.Get(csrfName))) != 1 {
		return again(web.NewProblem(http.StatusForbidden, "csrf_mismatch",
			"The credential did not come from this site's own button. Start signing in again."), rp.startAt(p, back))
	}
	if form.Get("credential") == "" {
		return again(web.NewProblem(http.StatusBadRequest, "token_missing", "The form holds no credential."), rp.startAt(p, back))
	}
	_, _, err = rp.finish(w, r, p, brought{
		token: form.Get("credential"), nonceFor: sealedFor{label: labelNonce}, cookie: cookiePosted,
		automatic: form.Get("select_by") == "auto",
	})
	if err != nil {
		return again(err, rp.startAt(p, back))
	}
	rp.arrive(w, r, arrivedSignedIn, back)
	return nil
}
