package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strconv"
)

// Document is a public file that changes with the configuration alone: key sets,
// commitments, discovery. Every origin may read it, and it is of no use to a
// session. It is immutable and safe for concurrent use.
type Document struct {
	body                            []byte
	etag, contentType, cacheControl string
}

// NewDocument makes a Document. contentType is sent as it is: registries refuse a
// charset parameter. cacheControl says how soon a change is seen.
func NewDocument(body []byte, contentType, cacheControl string) *Document {
	sum := sha256.Sum256(body)
	return &Document{bytes.Clone(body), `"` + hex.EncodeToString(sum[:12]) + `"`, contentType, cacheControl}
}

// Bytes is the document; not to be changed.
func (d *Document) Bytes() []byte { return d.body }

// ServeHTTP answers GET and HEAD, and 304 to whoever has the document already.
func (d *Document) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	if p := CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	h.Set("Cache-Control", d.cacheControl)
	h.Set("ETag", d.etag)
	h.Set("X-Content-Type-Options", "nosniff")
	if NoneMatch(r.Header.Values("If-None-Match"), d.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", d.contentType)
	h.Set("Content-Length", strconv.Itoa(len(d.body)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(d.body)
	}
}
