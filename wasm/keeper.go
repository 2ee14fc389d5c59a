package wasm

import (
	"cmp"
	"fmt"
	"html/template"
	"net/http"
)

// KeeperConfig configures [Keeper]. Its zero value is the strict one.
type KeeperConfig struct {
	// Assets is where the files are served on the keeper's own origin,
	// "/bonafides/" when empty.
	Assets string
	// InsecureKeeperOnIssuer lets the keeper start at an origin that answers as
	// an issuer. The issuer's scripts can then read the tokens that it signed
	// and join an issuance to a redemption.
	InsecureKeeperOnIssuer bool
	// Name says on the keeper's page whose keeper it is; its host where empty.
	Name string
	// Commitments is where the page finds the one document with the key
	// commitments of all issuers that this keeper knows, on its own origin (package
	// wasm/mirror): "/bonafides-commitments.json" when empty. It is never an issuer's
	// key-commitment path, where a keeper refuses to start.
	Commitments string
	// RedemptionsPerHour and RedemptionsPerDay are how many tokens the keeper
	// spends by itself, for all sites together; 6 and 20 when zero. Beyond that the
	// person is asked, and the page hears the same as when somebody has no tokens.
	RedemptionsPerHour, RedemptionsPerDay int
	// AllowFrames lets any page frame the keeper at "?frame", hidden, for
	// browsers that share the keeper's storage with a frame (Chromium with
	// third-party cookies allowed): its pages then need no popup. The frame
	// shows nothing to press, and tells a site nothing of issuers that it has not
	// dealt with in the keeper's own window within 48 hours.
	AllowFrames bool
}

// keeperPage needs nothing of a request but the nonce of its one style sheet.
var keeperPage = template.Must(template.New("keeper").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
{{with .Policy}}<meta http-equiv="Content-Security-Policy" content="{{.}}">
{{end}}<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<meta name="bonafides-commitments" content="{{.Commitments}}">
<meta name="bonafides-budget" content="{{.Hour}} {{.Day}}">
{{with .Name}}<meta name="bonafides-name" content="{{.}}">
{{end}}{{if .Insecure}}<meta name="bonafides-keeper" content="insecure-on-issuer">
{{end}}{{if .NoFrames}}<meta name="bonafides-frames" content="none">
{{end}}<title>Token keeper{{with .Name}} of {{.}}{{end}}</title>
<link rel="icon" href="data:,">
<style{{with .Nonce}} nonce="{{.}}"{{end}}>` + keeperStyle + `</style>
<main>
<h1><svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="M4 4h16v16H4z"/></svg>Token keeper{{with .Name}} of {{.}}{{end}}</h1>
<p id="state" role="status">Opening the store of your tokens.</p>
<noscript><p>The keeper works with JavaScript only.</p></noscript>
</main>
<script data-cfasync="false" type="module" src="{{.Script}}" integrity="{{.Integrity}}"></script>
</html>
`))

const keeperStyle = `
html { background: light-dark(#ffffff, #0b1020); color: light-dark(#0f172a, #e2e8f0); border-top: 6px solid light-dark(#475569, #94a3b8); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60ch; margin: 0 auto; padding: 1.5rem 1.25rem; }
[hidden] { display: none !important; }
h1 { font-size: 1.25rem; margin: 0 0 .75rem; display: flex; align-items: center; gap: .5rem; overflow-wrap: anywhere; }
h1 svg { color: light-dark(#475569, #94a3b8); flex: none; }
h2 { font-size: 1rem; margin: 1.5rem 0 .25rem; padding-top: .75rem; border-top: 1px solid light-dark(#cbd5e1, #334155); }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
ul { list-style: none; margin: 0 0 1rem; padding: 0; }
li { display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: center; justify-content: space-between; padding: .25rem 0; overflow-wrap: anywhere; }
button { font: inherit; margin: 0 .5rem .5rem 0; padding: .5rem 1rem; border-radius: 10px; border: 1px solid light-dark(#475569, #94a3b8); cursor: pointer; max-width: 100%; overflow-wrap: anywhere; }
button.go { background: light-dark(#475569, #94a3b8); color: light-dark(#ffffff, #0b1020); }
button.no { background: none; color: inherit; }
li button { margin: 0; padding: .25rem .75rem; font-size: .875rem; }
button:disabled { opacity: .55; cursor: default; }
button:focus-visible { outline: 3px solid light-dark(#1d4ed8, #60a5fa); outline-offset: 2px; }
`

// keeperValues is what keeperPage is filled with. Nonce belongs to a policy in a
// header; Policy is one that stands in the page, and NoFrames what no policy in a
// page can say, for files that no server heads.
type keeperValues struct {
	Script, Integrity, Commitments, Name, Nonce, Policy string
	Hour, Day                                           int
	Insecure, NoFrames                                  bool
}

// values judges the configuration.
func (c KeeperConfig) values() (*keeperValues, error) {
	m, err := ReadManifest()
	if err != nil {
		return nil, err
	}
	files := m.Flows["tokens"][ESM]
	if len(files) < 2 {
		return nil, fmt.Errorf("wasm: the manifest names no keeper")
	}
	v := &keeperValues{
		Script: cmp.Or(c.Assets, "/bonafides/") + files[1], Integrity: m.Hashes[files[1]].Integrity,
		Commitments: cmp.Or(c.Commitments, "/bonafides-commitments.json"), Name: c.Name,
		Hour: cmp.Or(c.RedemptionsPerHour, 6), Day: cmp.Or(c.RedemptionsPerDay, 20), Insecure: c.InsecureKeeperOnIssuer,
	}
	if v.Hour < 0 || v.Day < v.Hour || v.Day > 999_999 {
		return nil, fmt.Errorf("wasm: a keeper with %d redemptions an hour and %d a day: neither may be below zero, the day's not below the hour's or above 999999", v.Hour, v.Day)
	}
	return v, nil
}

// keeperPolicy is the page's Content-Security-Policy but for who may frame it,
// which only a header can say. style is the source of its style sheet.
func keeperPolicy(style string) string {
	return "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src " + style + "; img-src data:; " +
		"connect-src 'self' https: http://localhost:* http://*.localhost:*; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
}

// Keeper serves the keeper's page: the one place where the polyfill's tokens are.
// Mount it at "/keeper" of an origin that is no issuer's, sets no cookies and
// serves nothing else that runs scripts; mount [Assets] and the document of key
// commitments (package mirror) beside it. The page asks its own origin for an
// issuer's key commitment, to see that the origin is no issuer's: answer 404, or
// 204 so that the browser's console stays empty.
//
// The page may not be framed (but see KeeperConfig.AllowFrames), sends no
// referrer, and runs only its own script. It has no Cross-Origin-Opener-Policy,
// which would cut it off from the page that opened it.
func Keeper(c KeeperConfig) (http.Handler, error) {
	values, err := c.values()
	if err != nil {
		return nil, err
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "The keeper's page is read with GET.", http.StatusMethodNotAllowed)
			return
		}
		nonce, ancestors := newNonce(), "'none'"
		if c.AllowFrames && r.URL.RawQuery == "frame" {
			ancestors = "*"
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", keeperPolicy("'nonce-"+nonce+"'")+"; frame-ancestors "+ancestors)
		v := *values
		v.Nonce = nonce
		_ = keeperPage.Execute(w, v)
	}), nil
}
