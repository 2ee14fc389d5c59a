package trace

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync"

	"github.com/bonafides-dev/bonafides/demo/look"
)

type annotationsKey struct{}

type annotations struct {
	mu     sync.Mutex
	fields []Field
	note   string
	skip   bool
}

// Annotate adds to the exchange of this request what the server itself
// concluded: the account it found signed in, the reason of its policy. Outside
// a recorded request it does nothing.
func Annotate(ctx context.Context, fields ...Field) {
	if a, ok := ctx.Value(annotationsKey{}).(*annotations); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.fields = append(a.fields, fields...)
	}
}

// Note sets the sentence that the chart prints for this exchange.
func Note(ctx context.Context, sentence string) {
	if a, ok := ctx.Value(annotationsKey{}).(*annotations); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.note = sentence
	}
}

// Skip leaves this request out of the record: event streams and probes of the
// demo itself, which no real party would answer.
func Skip(ctx context.Context) {
	if a, ok := ctx.Value(annotationsKey{}).(*annotations); ok {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.skip = true
	}
}

// Wrap returns a handler that records what next received and answered, under
// the name of party.
func (h *Hub) Wrap(party look.Party, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		notes := &annotations{}
		at := h.now()
		body := &bodyRecorder{ReadCloser: r.Body}
		answer := &answerRecorder{ResponseWriter: w}
		in := r.Clone(context.WithValue(r.Context(), annotationsKey{}, notes))
		in.Body = body
		// The headers as they came: a handler may change its own.
		headers := r.Header.Clone()

		defer func() {
			crash := recover()
			if crash != nil && answer.status == 0 {
				answer.status = http.StatusInternalServerError
			}
			notes.mu.Lock()
			fields, note, skip := notes.fields, notes.note, notes.skip
			notes.mu.Unlock()
			if !skip {
				m := &message{
					party: party, from: h.caller(r.RemoteAddr), at: at, took: h.now().Sub(at),
					method: r.Method, host: r.Host, uri: r.RequestURI, remote: r.RemoteAddr,
					header: headers, body: body.kept.Bytes(), bodySize: body.size,
					status: answer.code(), answerHeader: answer.sent(),
					answer: answer.kept.Bytes(), answerSize: answer.size,
				}
				x := m.exchange()
				x.Request = append(x.Request, fields...)
				if note != "" {
					x.Note = note
				}
				bin, bout := m.raw(h.InsecureKeepSecrets)
				h.add(x, bin, bout)
			}
			if crash != nil {
				panic(crash)
			}
		}()
		next.ServeHTTP(answer, in)
	})
}

// bodyRecorder keeps the beginning of a request body as the handler reads it.
type bodyRecorder struct {
	io.ReadCloser
	kept bytes.Buffer
	size int
}

func (b *bodyRecorder) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.size += n
	b.kept.Write(p[:min(n, maxBody-min(maxBody, b.kept.Len()))])
	return n, err
}

// answerRecorder keeps status, headers and the beginning of the body of an
// answer as they are sent.
type answerRecorder struct {
	http.ResponseWriter
	status int
	header http.Header
	kept   bytes.Buffer
	size   int
}

// Unwrap lets http.ResponseController reach Flush and deadlines.
func (a *answerRecorder) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush is for handlers that ask for http.Flusher themselves.
func (a *answerRecorder) Flush() { _ = http.NewResponseController(a.ResponseWriter).Flush() }

func (a *answerRecorder) WriteHeader(code int) {
	if a.status == 0 && code >= 200 {
		a.status = code
		a.header = a.Header().Clone()
	}
	a.ResponseWriter.WriteHeader(code)
}

func (a *answerRecorder) Write(p []byte) (int, error) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	n, err := a.ResponseWriter.Write(p)
	a.size += n
	a.kept.Write(p[:min(n, maxBody-min(maxBody, a.kept.Len()))])
	return n, err
}

func (a *answerRecorder) code() int {
	if a.status == 0 {
		return http.StatusOK // net/http sends 200 for a handler that wrote nothing
	}
	return a.status
}

func (a *answerRecorder) sent() http.Header {
	if a.header == nil {
		return a.Header().Clone()
	}
	return a.header
}
