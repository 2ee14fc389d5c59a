package main

import (
	"database/sql"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// tools is what the handlers know of the Worker that they run in.
type tools struct {
	getenv func(string) string     // empty for what is not set
	open   func() (*sql.DB, error) // the D1 database
	now    func() time.Time
}

// newHandler answers the operator's requests; /admin/purge is the Worker's own, as
// Durable Objects answer to JavaScript alone.
func newHandler(t tools) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/admin/status", t.only(http.MethodGet, t.status))
	mux.HandleFunc("/admin/keys/check", t.only(http.MethodPost, t.checkKeys))
	mux.HandleFunc("/admin/redemptions", t.only(http.MethodGet, t.redemptions))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		web.NewProblem(http.StatusNotFound, "not_found", "There is nothing at this path.").Write(w)
	})
	return mux
}

// only answers one method; a handler returns what to write as JSON, or why not.
func (t tools) only(method string, serve func(http.ResponseWriter, *http.Request) (any, *web.Problem)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		problem := web.CheckMethod(w, r, method)
		var answer any
		if problem == nil {
			answer, problem = serve(w, r)
		}
		if problem != nil {
			problem.Write(w)
			return
		}
		body, err := json.MarshalIndent(answer, "", "  ")
		if err != nil { // structs of text and numbers always marshal
			web.NewProblem(http.StatusInternalServerError, "internal_error", "The answer cannot be written.").Write(w)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		if s, ok := answer.(*status); ok && !s.OK { // so that a monitor need not read it
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		_, _ = w.Write(append(body, '\n'))
	}
}

// keys reads the token keys that the issuer has now.
func (t tools) keys() (*exchange.Keys, *web.Problem) {
	secret := t.getenv("ISSUER_KEYS")
	if secret == "" {
		return nil, web.NewProblem(http.StatusServiceUnavailable, "secret_missing",
			"The secret ISSUER_KEYS is not set. Set it with: npx wrangler secret put ISSUER_KEYS")
	}
	keys, err := exchange.ParseKeys(secret)
	if err != nil {
		return nil, web.NewProblem(http.StatusServiceUnavailable, "secret_invalid", "The secret ISSUER_KEYS cannot be read: "+err.Error()+".")
	}
	return keys, nil
}

// usesD1 tells whether the spent tokens are in D1, as the Worker reads the
// variable.
func (t tools) usesD1() bool { return t.getenv("ISSUER_STORE") == "d1" }

// database opens the D1 database.
func (t tools) database() (*sql.DB, *web.Problem) {
	if !t.usesD1() {
		return nil, web.NewProblem(http.StatusConflict, "store_not_d1",
			"The issuer keeps its spent tokens in Durable Objects, which forget and count by themselves. This is for ISSUER_STORE = \"d1\".")
	}
	db, err := t.open()
	if err != nil {
		return nil, web.NewProblem(http.StatusServiceUnavailable, "binding_missing",
			"The binding DB is missing. wrangler.toml needs its database; see [[d1_databases]] there.")
	}
	return db, nil
}

func storeFault(what string, err error) *web.Problem {
	return web.NewProblem(http.StatusServiceUnavailable, "store_unavailable", what+": "+strings.TrimSuffix(err.Error(), ".")+".")
}
