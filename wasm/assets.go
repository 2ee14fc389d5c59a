package wasm

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/bonafides-dev/bonafides/internal/web"
)

// types are the media types of the files; WebAssembly must be served as its own,
// or browsers will not compile it while it arrives.
var types = map[string]string{
	".mjs":  "text/javascript; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".wasm": "application/wasm",
	".txt":  "text/plain; charset=utf-8",
}

// Assets serves the files under prefix ("/bonafides/"), to any origin, to be kept
// forever: a new build has new names. A client that takes brotli gets the bytes
// that were compressed when the files were built; one that takes only gzip, as
// browsers do over plain HTTP, gets gzip.
func Assets(prefix string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "These files are read with GET.", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(r.URL.Path, prefix)
		media, ok := types[path.Ext(name)]
		b, err := fs.ReadFile(Files(), name)
		if !ok || err != nil {
			http.Error(w, "There is no such file in this release.", http.StatusNotFound)
			return
		}
		coding := chooseCoding(r.Header.Values("Accept-Encoding"))
		if coding != "" {
			if z, err := compressed(name, coding); err == nil {
				b = z
			} else {
				coding = ""
			}
		}
		h := w.Header()
		h.Set("Content-Type", media)
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Vary", "Accept-Encoding")
		// The name has the content's hash, the coding makes other bytes of it.
		tag := `"` + name + `"`
		if coding != "" {
			tag = `"` + name + "-" + coding + `"`
			h.Set("Content-Encoding", coding)
		}
		h.Set("ETag", tag)
		if web.NoneMatch(r.Header.Values("If-None-Match"), tag) {
			h.Del("Content-Encoding")
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h.Set("Content-Length", fmt.Sprint(len(b)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(b)
		}
	})
}

// chooseCoding picks brotli, gzip or none, by what the request takes (RFC 9110,
// section 12.5.3) and then by what is smaller. A request that takes nothing that
// there is gets the file as it is.
func chooseCoding(accept []string) string {
	taken := map[string]float64{}
	for item := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		name, rest, _ := strings.Cut(item, ";")
		q := 1.0
		for param := range strings.SplitSeq(rest, ";") {
			if key, value, ok := strings.Cut(param, "="); ok && strings.EqualFold(strings.TrimSpace(key), "q") {
				n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
				if err != nil || !(n >= 0 && n <= 1) {
					n = 0 // not a weight: not taken
				}
				q = n
			}
		}
		if name = strings.ToLower(strings.TrimSpace(name)); name != "" {
			taken[name] = q
		}
	}
	weight := func(name string) float64 {
		if q, ok := taken[name]; ok {
			return q
		}
		return taken["*"]
	}
	best, most := "", 0.0
	if q, ok := taken["identity"]; ok {
		most = q
	}
	for _, coding := range []string{"br", "gzip"} {
		if q := weight(coding); q > 0 && (q > most || best == "" && q == most) {
			best, most = coding, q
		}
	}
	return best
}

// gzipped holds what compressed has made, by name.
var gzipped sync.Map

// compressed returns a file in a coding: brotli from beside it, gzip made once.
func compressed(name, coding string) ([]byte, error) {
	if coding == "br" {
		return fs.ReadFile(Files(), name+".br")
	}
	if b, ok := gzipped.Load(name); ok {
		return b.([]byte), nil
	}
	b, err := fs.ReadFile(Files(), name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := z.Write(b); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	gzipped.Store(name, out.Bytes())
	return out.Bytes(), nil
}
