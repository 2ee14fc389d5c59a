package stack

import (
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// byHost sends a request to the site that it names.
type byHost struct {
	origins Origins
	sites   map[string]http.Handler
	home    http.Handler
	guide   http.Handler // the same on every host
}

func (b *byHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	host := requestHost(r.Host)
	site, known := b.sites[host]
	if !known && (host == "localhost" || host == "home.localhost" || isLoopbackIP(host)) {
		site, known = b.home, true
	}
	switch {
	case !known:
		b.unknown(w, r)
	case r.URL.Path == "/healthz":
		// The home page asks from its own origin whether this name works.
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Cache-Control", "no-store")
		_, _ = w.Write([]byte("ok\n"))
	case strings.HasPrefix(r.URL.Path, guide.Prefix) && b.guide != nil:
		b.guide.ServeHTTP(w, r)
	case r.URL.Path == "/favicon.ico":
		// Asked by browsers for pages that are not ours to draw: JSON, text.
		icon := r.Clone(r.Context())
		icon.URL.Path = look.Party(strings.TrimSuffix(host, ".localhost")).Favicon()
		look.Handler().ServeHTTP(w, icon)
	default:
		site.ServeHTTP(w, r)
	}
}

func (b *byHost) unknown(w http.ResponseWriter, r *http.Request) {
	if look.Serves(r.URL.Path) { // the page's own style
		look.Handler().ServeHTTP(w, r)
		return
	}
	kit.Render(w, r, http.StatusNotFound, unknownPage(requestHost(r.Host), b.origins))
}
