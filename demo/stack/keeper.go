package stack

import (
	"bytes"
	"io"
	"net/http"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

// keeper is the origin that keeps tokens where the browser does not: static files
// and the document of all issuers' key commitments, here of one. It has no cookies
// and no log, and what goes on in it never reaches this server, so there is
// nothing to trace.
func (s *Stack) keeper(c Config) (http.Handler, error) {
	page, err := wasm.Keeper(wasm.KeeperConfig{AllowFrames: true})
	if err != nil {
		return nil, err
	}
	// In memory: a demo that starts anew may have new keys.
	if s.Mirror, err = mirror.New(mirror.Config{
		Issuers: []string{s.Origins.Issuer}, Client: &http.Client{Transport: published(s.commitment)}, Now: c.Now, Log: c.Log,
	}); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(mirror.Path, s.Mirror)
	mux.Handle("/keeper", page)
	mux.Handle("/bonafides/", wasm.Assets("/bonafides/"))
	look.Mount(mux)
	mux.Handle("/{$}", page)
	// Whether its origin is an issuer's the keeper asks here. "No content" is a no
	// that browsers do not report as a failure.
	mux.HandleFunc("GET /.well-known/private-state-token/key-commitment", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return mux, nil
}

// published is the issuer's commitment, without a connection to it. The hourly
// question of a keeper's server belongs to no visitor, so the chart does not draw it.
type published []byte

func (p published) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(p)), Request: r}, nil
}
