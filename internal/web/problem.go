// Package web holds what every HTTP handler of the kit does the same way:
// answers for refused requests (RFC 9457 problem details) and bounded, strict
// reading of methods, bodies and forms.
package web

import (
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/bonafides-dev/bonafides/internal/refusal"
)

// soon is when somebody tries again whom a server that cannot answer now did not tell.
const soon = 5 * time.Second

// Problem is a refused request. It is an error that also knows how to answer.
type Problem struct {
	refusal.Refusal
	// RetryAfter is how long to wait before the next try; zero says nothing,
	// and five seconds with status 503.
	RetryAfter time.Duration
}

// NewProblem makes a Problem.
func NewProblem(status int, code, detail string) *Problem {
	return &Problem{Refusal: refusal.Refusal{Status: status, Code: code, Detail: detail}}
}

// Refuse answers with a refusal as a Problem.
func Refuse(w http.ResponseWriter, r *refusal.Refusal) { (&Problem{Refusal: *r}).Write(w) }

// SetHeaders writes what an answer to the refusal has in its header, in whatever
// form the answer is.
func (p *Problem) SetHeaders(h http.Header) {
	after := p.RetryAfter
	if after <= 0 && p.Status == http.StatusServiceUnavailable {
		after = soon
	}
	if after > 0 { // RFC 9110 section 10.2.3: whole seconds
		h.Set("Retry-After", strconv.FormatInt(int64((after+time.Second-1)/time.Second), 10))
	}
}

// Write answers with the problem as application/problem+json (RFC 9457 section
// 3). The answer is never stored by caches.
func (p *Problem) Write(w http.ResponseWriter) {
	body, err := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}{http.StatusText(p.Status), p.Status, p.Code, p.Detail})
	if err != nil { // three strings and an int always marshal
		body = []byte(`{"status":` + strconv.Itoa(p.Status) + `}`)
	}
	h := w.Header()
	p.SetHeaders(h)
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
