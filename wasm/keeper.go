package wasm

import (
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
	// AllowFrames lets any page frame the keeper at "?frame", hidden, for
	// browsers that share the keeper's storage with a frame (Chromium with
	// third-party cookies allowed): its pages then need no popup. The frame
	// shows nothing to press and answers what the popup answers.
	AllowFrames bool
}

var keeperPage = template.Must(template.New("keeper").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
{{if .Insecure}}<meta name="bonafides-keeper" content="insecure-on-issuer">
{{end}}<title>Token keeper</title>
<link rel="icon" href="data:,">
<style nonce="{{.Nonce}}">
html { background: light-dark(#ffffff, #0b1020); color: light-dark(#0f172a, #e2e8f0); border-top: 6px solid light-dark(#475569, #94a3b8); }
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60ch; margin: 0 auto; padding: 1.5rem 1.25rem; }
h1 { font-size: 1.25rem; margin: 0 0 .75rem; display: flex; align-items: center; gap: .5rem; }
h1 svg { color: light-dark(#475569, #94a3b8); flex: none; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
</style>
<main>
<h1><svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path fill="currentColor" d="M4 4h16v16H4z"/></svg>Token keeper</h1>
<p id="state" role="status">Opening the store of your tokens.</p>
<noscript><p>The keeper works with JavaScript only.</p></noscript>
</main>
<script type="module" src="{{.Script}}" integrity="{{.Integrity}}"></script>
</html>
`))

// Keeper serves the keeper's page: the one place where the polyfill's tokens are.
// Mount it at "/keeper" of an origin that is no issuer's, has no cookies and
// serves nothing else that runs scripts; mount [Assets] beside it. It asks its own
// origin for key commitments, to see that it is no issuer's: answer 404, or 204 so
// that the browser's console stays empty.
//
// The page may not be framed (but see KeeperConfig.AllowFrames), sends no
// referrer, and runs only its own script. It has no Cross-Origin-Opener-Policy,
// which would cut it off from the page that opened it.
func Keeper(c KeeperConfig) (http.Handler, error) {
	m, err := ReadManifest()
	if err != nil {
		return nil, err
	}
	if c.Assets == "" {
		c.Assets = "/bonafides/"
	}
	files := m.Flows["tokens"][ESM]
	if len(files) < 2 {
		return nil, fmt.Errorf("wasm: the manifest names no keeper")
	}
	script := files[1]
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
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; "+
			"style-src 'nonce-"+nonce+"'; img-src data:; connect-src 'self' https: http://localhost:* http://*.localhost:*; "+
			"frame-ancestors "+ancestors+"; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'")
		_ = keeperPage.Execute(w, struct {
			Nonce, Script, Integrity string
			Insecure                 bool
		}{nonce, c.Assets + script, m.Hashes[script].Integrity, c.InsecureKeeperOnIssuer})
	}), nil
}
