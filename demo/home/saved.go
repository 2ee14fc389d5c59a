package home

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// saved sends the run as one HTML file: no script, no request to anywhere, all
// messages decoded in place. Secrets were never recorded, so none are in it.
func (h *handler) saved(w http.ResponseWriter, r *http.Request) {
	style := styleText(kit.Handler(), kit.Stylesheet()) + styleText(look.Handler(), look.Stylesheet()) + styleText(h.assets, h.assets.Path("home.css"))
	var page bytes.Buffer
	if err := h.savedPage(withoutPages(h.Hub.All()), style).Render(r.Context(), &page); err != nil {
		http.Error(w, "The file could not be made. Try again.", http.StatusInternalServerError)
		return
	}
	head := w.Header()
	head.Set("Content-Type", "text/html; charset=utf-8")
	head.Set("Content-Disposition", `attachment; filename="bonafides-run.html"`)
	head.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox")
	head.Set("X-Content-Type-Options", "nosniff")
	head.Set("Cache-Control", "no-store")
	head.Set("Content-Length", strconv.Itoa(page.Len()))
	_, _ = w.Write(page.Bytes())
}

// withoutPages leaves out pages, styles and scripts: they are no part of a flow.
func withoutPages(all []trace.Exchange) []trace.Exchange {
	return slices.DeleteFunc(all, func(x trace.Exchange) bool {
		return x.Kind == trace.KindPage || x.Kind == trace.KindAsset
	})
}

// styleText reads a stylesheet from the handler that serves it.
func styleText(h http.Handler, path string) string {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, path, nil)
	if err != nil {
		return ""
	}
	var w textWriter
	h.ServeHTTP(&w, r)
	// Our own style, compiled in; still, it must not end the element it goes into.
	return strings.ReplaceAll(w.b.String(), "</", "<\\/")
}

type textWriter struct {
	h http.Header
	b bytes.Buffer
}

func (w *textWriter) Header() http.Header {
	if w.h == nil {
		w.h = http.Header{}
	}
	return w.h
}
func (w *textWriter) WriteHeader(int)             {}
func (w *textWriter) Write(p []byte) (int, error) { return w.b.Write(p) }
