package rpserver

import (
	"crypto/sha256"
	"encoding/base64"
	"html/template"
	"net/http"
)

// Refusal is why a sign-in by redirect did not succeed.
type Refusal struct {
	Status int    // HTTP status
	Code   string // stable: "state_reused"
	Detail string // a sentence for the person
}

// refusalStyle is the only style of the page; its policy names it by its hash.
const refusalStyle = `
html { background: light-dark(#ffffff, #0b1020); color: light-dark(#0f172a, #e2e8f0); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60ch; margin: 0 auto; padding: 1.5rem 1.25rem; }
h1 { font-size: 1.25rem; margin: 0 0 .75rem; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
a { color: light-dark(#1d4ed8, #93c5fd); }
`

var refusalPolicy = func() string {
	sum := sha256.Sum256([]byte(refusalStyle))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
}()

// refusalPage is what people see unless Config.RefusalPage draws another. It has
// no script.
var refusalPage = template.Must(template.New("refusal").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{{if eq .Code "already_signed_in"}}Signed in{{else}}Not signed in{{end}}</title>
<link rel="icon" href="data:,">
<style>` + refusalStyle + `</style>
<main>
<h1>{{if eq .Code "already_signed_in"}}You are signed in{{else}}You were not signed in{{end}}</h1>
<p role="status" data-out="signin" data-state="refused" data-code="{{.Code}}">{{.Detail}}</p>
<p><a href="/">Back to the site</a></p>
<p>Code: <code>{{.Code}}</code></p>
</main>
</html>
`))

// refusePage answers a navigation that is refused, as refuse answers a script.
func (rp *RP) refusePage(w http.ResponseWriter, r *http.Request, err error) {
	p := rp.problemOf(r, err)
	refusal := Refusal(p.Refusal)
	if rp.refusalPage != nil {
		rp.refusalPage(w, r, refusal)
		return
	}
	h := w.Header()
	p.SetHeaders(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", refusalPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_ = refusalPage.Execute(w, refusal)
}
