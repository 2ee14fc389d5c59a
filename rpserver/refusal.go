package rpserver

import (
	"html/template"
	"net/http"
)

// Refusal is why a sign-in by redirect did not succeed.
type Refusal struct {
	Status int    // HTTP status
	Code   string // stable: "state_reused"
	Detail string // a sentence for the person
}

// refusalPage is what people see unless Config.RefusalPage draws another. It has
// no style and no script, so that it needs no policy but the strictest.
var refusalPage = template.Must(template.New("refusal").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Not signed in</title>
<link rel="icon" href="data:,">
<main>
<h1>You were not signed in</h1>
<p role="status" data-out="signin" data-state="refused" data-code="{{.Code}}">{{.Detail}}</p>
<p><a href="/">Back to the site</a></p>
<p>Code: <code>{{.Code}}</code></p>
</main>
</html>
`))

// refusePage answers a navigation that is refused, as refuse answers a script.
func (rp *RP) refusePage(w http.ResponseWriter, r *http.Request, err error) {
	p := rp.problemOf(r, err)
	refusal := Refusal{p.Status, p.Code, p.Detail}
	if rp.refusalPage != nil {
		rp.refusalPage(w, r, refusal)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; img-src data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_ = refusalPage.Execute(w, refusal)
}
