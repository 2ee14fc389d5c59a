// Package returnpage hands out the return page: the one address of a site to which
// a token keeper brings answers back where it cannot see the page that asked. A
// site that uses tokens through the polyfill serves it; without it a call on such a
// page fails and says so. The page is static, and any file server will do.
package returnpage

import (
	_ "embed"
	"net/http"
)

// Path is where a site serves the page, at the root of its origin. The keeper goes
// back to no other address: an answer travels in the fragment, which survives
// redirects, and a site may have a page that redirects to wherever it is told.
const Path = "/.well-known/private-state-token/return.html"

//go:embed return.html
var page []byte

// HTML returns the page, in UTF-8: the same bytes for everybody.
func HTML() []byte { return append([]byte(nil), page...) }

// Handler serves the page to GET and HEAD. Several goroutines may use it.
//
// It sends no Content-Security-Policy: the page holds its own. A site that adds a
// policy of its own there has to allow the page's script by its hash.
func Handler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "The return page is read with GET.", http.StatusMethodNotAllowed)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "public, max-age=3600")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		if r.Method == http.MethodGet {
			_, _ = w.Write(page)
		}
	})
}
