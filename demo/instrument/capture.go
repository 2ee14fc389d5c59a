package instrument

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"
)

// A Capture keeps the last request of one kind that a server really received,
// so that an attack can send it again. It stays in memory and is never shown:
// the trace shows requests, with secrets held back.
type Capture struct {
	mu     sync.Mutex
	method string
	path   string
	header http.Header
	body   []byte
	have   bool
}

const maxCaptured = 64 << 10

// From returns a handler that keeps the requests for which keep returns true
// and passes everything on to next.
func (c *Capture) From(next http.Handler, keep func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get(attackMark) == "" && keep(r) {
			var body []byte
			if r.Body != nil && r.Body != http.NoBody {
				read, err := io.ReadAll(io.LimitReader(r.Body, maxCaptured+1))
				if err == nil && len(read) <= maxCaptured {
					body = read
				}
				r.Body = struct {
					io.Reader
					io.Closer
				}{io.MultiReader(bytes.NewReader(read), r.Body), r.Body}
			}
			c.mu.Lock()
			c.method, c.path, c.header, c.body, c.have = r.Method, r.URL.RequestURI(), r.Header.Clone(), body, true
			c.mu.Unlock()
		}
		next.ServeHTTP(w, r)
	})
}

// attackMark is on the requests that attacks send, so that an attack is not
// taken for a visitor's request and repeated later.
const attackMark = "Bonafides-Demo-Attack"

// Have reports whether there is a request to send again.
func (c *Capture) Have() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.have
}

// Again makes the kept request once more, for the same path at origin, with the
// same method, headers and body. ok is false if none has arrived yet.
func (c *Capture) Again(ctx context.Context, origin string) (r *http.Request, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.have {
		return nil, false
	}
	r, err := http.NewRequestWithContext(ctx, c.method, origin+c.path, bytes.NewReader(c.body))
	if err != nil {
		return nil, false
	}
	for name, values := range c.header {
		switch name {
		// These are of the connection, or would make the answer unreadable.
		case "Connection", "Content-Length", "Accept-Encoding", "Keep-Alive", "Transfer-Encoding", "Upgrade":
		default:
			r.Header[name] = append([]string(nil), values...)
		}
	}
	Mark(r)
	return r, true
}

// Mark marks a request as an attack's. It then comes from the browser in which the
// button was pressed, if its context is one of [Pressed].
func Mark(r *http.Request) {
	r.Header.Set(attackMark, "1")
	if agent, ok := r.Context().Value(presser{}).(string); ok {
		r.Header.Set("User-Agent", agent)
	}
}

type presser struct{}

// Pressed returns the request of a press with a context that remembers the
// browser's name, for the requests that are made for it.
func Pressed(r *http.Request) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), presser{}, r.UserAgent()))
}
