package idptest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
)

const maxBody = 1 << 20

func readAll(r io.Reader) ([]byte, error) { return io.ReadAll(io.LimitReader(r, maxBody)) }

// oauthError is an error answer (RFC 6749 section 5.2).
type oauthError struct{ code, description string }

func (e *oauthError) write(w http.ResponseWriter, status int) {
	writeJSON(w, status, map[string]any{"error": e.code, "error_description": e.description})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	writeBody(w, status, "application/json", mustJSON(v))
}

func writeBody(w http.ResponseWriter, status int, mediaType string, b []byte) {
	w.Header().Set("Content-Type", mediaType)
	w.WriteHeader(status)
	_, _ = w.Write(b)
}

// mustJSON writes what a test gave. What has no JSON is a fault of the test, and the
// panic ends its request with a line in the test's output.
func mustJSON(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("idptest: a claim cannot be written as JSON: " + err.Error())
	}
	return b
}

// bearer is the access token of a request's header (RFC 6750 section 2.1).
func bearer(r *http.Request) string {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return token
}

// allow answers a request with another method.
func allow(w http.ResponseWriter, r *http.Request, methods ...string) bool {
	for _, m := range methods {
		if r.Method == m {
			return true
		}
	}
	w.Header().Set("Allow", strings.Join(methods, ", "))
	http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
	return false
}
