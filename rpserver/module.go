package rpserver

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
)

//go:embed browser/signin.js
var module []byte

var moduleTag = func() string {
	sum := sha256.Sum256(module)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
}()

// serveModule answers GET signin.js. Browsers ask each time whether it changed,
// so that page and server always belong together.
func (rp *RP) serveModule(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		rp.refuse(w, r, p)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", moduleTag)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(module))
}
