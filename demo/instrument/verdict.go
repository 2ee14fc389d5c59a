package instrument

import (
	"bytes"
	"encoding/json"
	"net/http"
)

// verdictHeader is on requests of a page that wants a refusal as something to
// read. It is no part of a protocol: browsers print each refused request of a page
// into the console, and of an attack that makes a hundred of them nobody can read
// the hundred lines.
const verdictHeader = "Bonafides-Demo-Verdict"

// Verdicts answers requests with that header with 200 and next's answer as JSON,
// {status, type, body}; cookies are set as they were. It stands around the trace,
// which sees the answer as it was. Other sites' pages cannot send the header, as
// nothing here allows it to them.
func Verdicts(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(verdictHeader) == "" || r.Method != http.MethodPost {
			next.ServeHTTP(w, r)
			return
		}
		v := verdict{header: http.Header{}, status: http.StatusOK}
		next.ServeHTTP(&v, r)
		b, err := json.Marshal(map[string]any{"status": v.status, "type": v.header.Get("Content-Type"), "body": v.body.String()})
		if err != nil { // a number and strings
			http.Error(w, "The verdict could not be written.", http.StatusInternalServerError)
			return
		}
		h := w.Header()
		h["Set-Cookie"] = v.header["Set-Cookie"]
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(b)
	})
}

type verdict struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(status int)      { v.status = status }
func (v *verdict) Write(b []byte) (int, error) { return v.body.Write(b) }
