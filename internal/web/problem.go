// Package web holds what every HTTP handler of the kit does the same way:
// answers for refused requests (RFC 9457 problem details) and bounded, strict
// reading of methods, bodies and forms.
package web

import (
	"encoding/json"
	"net/http"
	"strconv"
)

// Problem is a refused request. It is an error that also knows how to answer:
// Status is the HTTP status, Code a stable machine-readable word, Detail one
// sentence for people that says what was wrong and what to do. None of them may
// carry a secret or echo unbounded input.
type Problem struct {
	Status int    // HTTP status code
	Code   string // stable, lower case, underscores: "origin_mismatch"
	Detail string // what happened, why, and what to do next
}

// Error returns "code: detail".
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// NewProblem makes a Problem.
func NewProblem(status int, code, detail string) *Problem {
	return &Problem{Status: status, Code: code, Detail: detail}
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
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(p.Status)
	_, _ = w.Write(append(body, '\n'))
}
