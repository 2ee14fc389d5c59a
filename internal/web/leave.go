package web

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

var leavePolicy = func() string {
	sum := sha256.Sum256([]byte(leaveStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
}()

const leaveStyle = `
html { background: light-dark(#ffffff, #0b1020); color: light-dark(#0f172a, #e2e8f0); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60ch; margin: 0 auto; padding: 1.5rem 1.25rem; }
a { color: light-dark(#1d4ed8, #93c5fd); }
`

var leavePage = template.Must(template.New("leave").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="refresh" content="{{.Seconds}};url={{.To}}">
<title>One moment</title>
<link rel="icon" href="data:,">
<style>` + leaveStyle + `</style>
<main>
<p role="status">One moment. <a href="{{.To}}">Go on</a></p>
</main>
</html>
`))

// leading is what the page is drawn of.
type leading struct {
	Seconds int
	To      string
}

// GoOn sends the browser on to an address of this site by a page, after so many seconds, so
// that what comes there comes from here.
func GoOn(w http.ResponseWriter, to string, seconds int) { lead(w, to, seconds) }

// Leave sends the browser from the answer to a form to another site. It is a page and no
// redirect: a page whose policy allows forms to its own site alone (form-action) would
// stop the redirect, without a word to the person.
func Leave(w http.ResponseWriter, to string) { lead(w, to, 0) }

func lead(w http.ResponseWriter, to string, seconds int) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", leavePolicy)
	h.Set("Cache-Control", "no-store")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	_ = leavePage.Execute(w, leading{seconds, to})
}
