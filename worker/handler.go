package main

import (
	"net/http"
	"strconv"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/issuer/exchange"
)

// Names of the Worker's environment. Secrets are set with
// `npx wrangler secret put NAME`, the rest stands in wrangler.toml.
const (
	envKeys         = "ISSUER_KEYS"          // secret: the token keys, see exchange.ParseKeys
	envBatch        = "ISSUER_BATCH_SIZE"    // tokens that a browser asks for at a time; empty means 10
	envCommitmentID = "ISSUER_COMMITMENT_ID" // raised with every change of the keys; empty means 1
)

// newHandler answers as the Worker whose environment getenv reads; it returns an
// empty string for what is not set.
func newHandler(getenv func(string) string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", healthz)
	mux.Handle("/", configured(getenv))
	return mux
}

// healthz tells that the module runs; it needs no configuration.
func healthz(w http.ResponseWriter, r *http.Request) {
	if refused := web.CheckMethod(w, r, http.MethodGet); refused != nil {
		refused.Write(w)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = w.Write([]byte(`{"status":"ok"}`))
}

// configured answers everything that needs the keys, or says which part of the
// configuration is missing or wrong. Details never hold a value.
func configured(getenv func(string) string) http.Handler {
	fault := func(code, detail string) http.Handler {
		return refuse(http.StatusServiceUnavailable, code, detail)
	}
	secret := getenv(envKeys)
	if secret == "" {
		return fault("secret_missing", "The secret "+envKeys+" is not set. Set it with: npx wrangler secret put "+envKeys)
	}
	keys, err := exchange.ParseKeys(secret)
	if err != nil {
		return fault("secret_invalid", "The secret "+envKeys+" cannot be read: "+err.Error()+".")
	}
	batch, ok := number(getenv(envBatch), 10)
	if !ok {
		return fault("variable_invalid", "The variable "+envBatch+" is not a number.")
	}
	version, ok := number(getenv(envCommitmentID), 1)
	if !ok {
		return fault("variable_invalid", "The variable "+envCommitmentID+" is not a number.")
	}
	commitments, err := issuer.Commitments(keys, version, int(batch))
	if err != nil {
		return fault("variable_invalid", envBatch+" or "+envCommitmentID+" is out of bounds: "+err.Error()+".")
	}
	mux := http.NewServeMux()
	mux.Handle(issuer.CommitmentPath, commitments)
	mux.Handle("/", refuse(http.StatusNotFound, "not_found", "There is nothing at this path."))
	return mux
}

func number(s string, otherwise uint32) (uint32, bool) {
	if s == "" {
		return otherwise, true
	}
	n, err := strconv.ParseUint(s, 10, 31)
	return uint32(n), err == nil
}

func refuse(status int, code, detail string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.NewProblem(status, code, detail).Write(w)
	})
}
