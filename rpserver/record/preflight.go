package record

import (
	"errors"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// CORS lets pages of other origins send the polyfill's header.
type CORS struct {
	// Origins may send records from their pages, exact origins. At least one.
	// There is no word for "all": a record is a bearer token, and whoever may
	// send it from a page may also read the answer.
	Origins []string
	// Methods that such a request may use; empty means GET and POST.
	Methods []string
	// Headers that it may carry besides the record's, such as "Content-Type".
	Headers []string
	// Credentials lets it carry this server's cookies.
	Credentials bool
}

// Middleware answers the preflight that a browser makes before a page may send
// [HeaderPolyfill] (a header with no Sec- before it needs one), and puts the CORS
// headers on the answers of next, for the listed origins. Requests of other
// origins reach next without them, so that their pages can read nothing; their
// preflights are refused. A browser's own header needs no preflight.
//
// next must not set Access-Control-Allow-Origin itself.
func (c CORS) Middleware(next http.Handler) (http.Handler, error) {
	if len(c.Origins) == 0 {
		return nil, errors.New("record: CORS.Origins is empty: name the origins whose pages send records")
	}
	allowed := make(map[string]bool, len(c.Origins))
	for _, o := range c.Origins {
		if !origin.Is(o) {
			return nil, errors.New("record: CORS origin " + quote(o) + " is not an origin such as https://news.example")
		}
		allowed[o] = true
	}
	methods := "GET, POST"
	if len(c.Methods) > 0 {
		methods = strings.Join(c.Methods, ", ")
	}
	headers := strings.Join(append([]string{HeaderPolyfill}, c.Headers...), ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Add("Vary", "Origin")
		origins := r.Header.Values("Origin")
		good := len(origins) == 1 && allowed[origins[0]]
		if good {
			h.Set("Access-Control-Allow-Origin", origins[0])
			if c.Credentials {
				h.Set("Access-Control-Allow-Credentials", "true")
			}
		}
		// A preflight names the method that it asks about (Fetch section 4.8).
		if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" {
			next.ServeHTTP(w, r)
			return
		}
		if !good {
			http.Error(w, "Pages of this origin may not send records here.", http.StatusForbidden)
			return
		}
		h.Set("Access-Control-Allow-Methods", methods)
		h.Set("Access-Control-Allow-Headers", headers)
		h.Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
	}), nil
}
