package stack

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/wasm"
)

// keeper is the origin that keeps tokens where the browser does not: static
// files and nothing else. It has no cookies and no log, and what goes on in it
// never reaches this server, so there is nothing to trace.
func (s *Stack) keeper() (http.Handler, error) {
	page, err := wasm.Keeper(wasm.KeeperConfig{AllowFrames: true})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/keeper", page)
	mux.Handle("/bonafides/", wasm.Assets("/bonafides/"))
	mux.Handle("GET "+look.Prefix, look.Handler())
	mux.Handle("/{$}", page)
	// Whether its origin is an issuer's the keeper asks here. "No content" is a no
	// that browsers do not report as a failure.
	mux.HandleFunc("GET /.well-known/private-state-token/key-commitment", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return mux, nil
}
