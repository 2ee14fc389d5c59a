package rpserver

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"html/template"
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
	"github.com/bonafides-dev/bonafides/rpserver/internal/op"
)

// Refusal is why a sign-in by redirect did not succeed.
type Refusal struct {
	Status int    // HTTP status
	Code   string // stable: "state_reused"
	Detail string // a sentence for the person
	Again  string // where they start again, and come back to where they wanted; "" if that helps nobody

	// For the people who run the site; the log has the same. Each may be empty.
	Setting   string // the setting of Provider that could help
	Said      string // the provider's own error code and description, bounded and escaped
	Got, Want string // both sides of a comparison that failed, bounded and escaped
}

// refusedAttempt is a refusal with where the person starts again.
type refusedAttempt struct {
	error
	again string
}

func (e *refusedAttempt) Unwrap() error { return e.error }

// again adds where the person starts again.
func again(err error, start string) error { return &refusedAttempt{err, start} }

// refusedBecause is a refusal with its cause, for the people who run the site.
type refusedBecause struct {
	*web.Problem
	cause error
}

func (e *refusedBecause) Unwrap() []error { return []error{e.Problem, e.cause} }

// refusalOf is what the page says.
func refusalOf(p *web.Problem, err error) Refusal {
	r := Refusal{Status: p.Status, Code: p.Code, Detail: p.Detail}
	var attempt *refusedAttempt
	if errors.As(err, &attempt) {
		r.Again = attempt.again
	}
	var refused *oidc.Error
	if errors.As(err, &refused) {
		r.Got, r.Want, r.Setting = refused.Got, refused.Want, refused.Setting()
	}
	var denied *oidc.ProviderError
	if errors.As(err, &denied) {
		r.Said, r.Setting = denied.Said(), op.RequestSetting(denied.Code)
	}
	var exchange *op.Error
	if errors.As(err, &exchange) {
		r.Said, r.Setting = exchange.Said, exchange.Setting
	}
	return r
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
<title>{{.Title}}</title>
<link rel="icon" href="data:,">
<style>` + refusalStyle + `</style>
<main>
<h1>{{.Heading}}</h1>
<p role="status" data-out="signin" data-state="refused" data-code="{{.Code}}">{{.Detail}}</p>
{{with .Again}}<p><a href="{{.}}" data-do="again">Start again</a></p>
{{end}}<p><a href="/">Back to the site</a></p>
<p>Code: <code>{{.Code}}</code></p>
</main>
</html>
`))

// refusalShown is a refusal with its heading: who links an account or confirms who they
// are is signed in, and stays it.
type refusalShown struct {
	Refusal
	Title, Heading string
}

// refusePage answers a navigation that is refused, as refuse answers a script.
func (rp *RP) refusePage(w http.ResponseWriter, r *http.Request, err error) {
	p := rp.problemOf(r, err)
	refusal := refusalOf(p, err)
	if rp.refusalPage != nil {
		rp.refusalPage(w, r, refusal)
		return
	}
	shown := refusalShown{refusal, "Not signed in", "You were not signed in"}
	if _, ok := rp.SignedIn(r); ok {
		shown.Title, shown.Heading = "Not done", "That was not done"
	}
	h := w.Header()
	p.SetHeaders(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", refusalPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_ = refusalPage.Execute(w, shown)
}
