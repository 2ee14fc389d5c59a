package rpserver

import (
	"html/template"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// Way is one way to sign in, for a link.
type Way struct {
	Provider string // its Name
	Host     string // its host, which people know it by
	Href     string // begins a sign-in by redirect that comes back to this page
}

var errSignInRequired = web.NewProblem(http.StatusForbidden, "sign_in_required", "Sign in to see this.")

// signInPage is what people see unless Config.SignInPage draws another. It has no
// script.
var signInPage = template.Must(template.New("signin").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Sign in</title>
<link rel="icon" href="data:,">
<style>` + refusalStyle + `</style>
{{if .Refused}}<main data-out="signin" data-state="refused" data-code="sign_in_required">
<h1>Sign in to see this</h1>
{{else}}<main>
<h1>Sign in</h1>
{{end}}{{range .Ways}}<p><a href="{{.Href}}">Sign in with {{.Host}}</a></p>
{{end}}<p><a href="/">Back to the site</a></p>
</main>
</html>
`))

// askToSignIn answers a request that only a user may make.
func (rp *RP) askToSignIn(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Add("Vary", "Accept")
	if !wantsPage(r) {
		errSignInRequired.Write(w)
		return
	}
	h.Set("Cache-Control", "no-store") // at the next visit they may be signed in
	ways := rp.ways(pageOf(r))
	if rp.signInPage == nil && len(ways) == 1 && r.Method == http.MethodGet && !isAhead(r) && !rp.hasArrived(r) {
		http.Redirect(w, r, ways[0].Href, http.StatusSeeOther)
		return
	}
	rp.showWays(w, r, errSignInRequired.Status, ways)
}

// showWays answers with the page where a person chooses with whom to sign in.
func (rp *RP) showWays(w http.ResponseWriter, r *http.Request, status int, ways []Way) {
	if rp.signInPage != nil {
		rp.signInPage(w, r, ways)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", refusalPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = signInPage.Execute(w, struct {
		Ways    []Way
		Refused bool
	}{ways, status != http.StatusOK})
}

// pageOf is the path that was asked for as the browser sent it, whatever prefix was taken
// from it on the way here; the root if it was no page that could be asked for again.
func pageOf(r *http.Request) string {
	back, ok := safeReturn([]string{r.RequestURI})
	if !ok || r.Method != http.MethodGet {
		return "/"
	}
	return back
}

// ways are the links to the providers. They come back to a path.
func (rp *RP) ways(back string) []Way {
	hosts := map[string]int{}
	for _, p := range rp.providers {
		hosts[hostOf(p.Issuer)]++
	}
	var out []Way
	for _, p := range rp.providers {
		host := hostOf(p.Issuer)
		if hosts[host] > 1 { // its name tells it from the others
			host += " (" + p.Name + ")"
		}
		out = append(out, Way{Provider: p.Name, Host: host, Href: rp.startAt(p, back)})
	}
	return out
}

func hostOf(issuer string) string {
	u, err := url.Parse(issuer)
	if err != nil { // New read it already
		return issuer
	}
	return u.Host
}

// wantsPage tells whether a request names text/html among what it accepts. Scripts
// that ask for anything get what a script can read.
func wantsPage(r *http.Request) bool {
	for _, value := range r.Header.Values("Accept") {
		for part := range strings.SplitSeq(value, ",") {
			t, params, err := mime.ParseMediaType(part)
			q, weighed := params["q"]
			refused := weighed && strings.Trim(q, "0.") == ""
			if err == nil && t == "text/html" && !refused {
				return true
			}
		}
	}
	return false
}
