// Command keeper is a token keeper: it keeps the tokens of browsers that do not
// keep them themselves, in the browser's own storage at this origin. The server
// has two static files, a page, and one document with the keys of every issuer on
// its list. It learns nothing: no cookies, no log, no question about a visitor.
//
// A keeper's origin is its own: never an issuer's, and nothing else on it.
//
//	go run ./examples/keeper -issuers https://issuer.example
//
// "bonafides keeper files" writes the same for a host that runs no code.
package main

import (
	"context"
	"flag"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/wasm"
	"github.com/bonafides-dev/bonafides/wasm/mirror"
)

func main() {
	flag.CommandLine = flag.NewFlagSet("keeper", flag.ExitOnError) // -h says this name
	addr := flag.String("addr", "localhost:8093", "`host:port` to listen on")
	origin := flag.String("origin", "", "the keeper's `origin` in the browser (default http://keeper.localhost and the port of -addr)")
	issuers := flag.String("issuers", "http://issuer.localhost:8090", "`origins` of the issuers that it knows, with commas between")
	flag.Parse()
	handler, keys, err := newHandler(strings.Split(*issuers, ","))
	if err != nil {
		log.Fatal(err)
	}
	if _, port, err := net.SplitHostPort(*addr); *origin == "" && err == nil {
		*origin = "http://keeper.localhost:" + port
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	// The issuers are asked by the clock and never because a visitor came.
	go keys.Run(context.Background())
	tag, err := wasm.ScriptTag(*origin+"/bonafides/", *origin)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s keeps tokens of %s\nFor a page that works with them, before its own scripts:\n%s", *origin, *issuers, tag)
	server := &http.Server{
		Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	log.Fatal(server.Serve(listener))
}

// newHandler serves the page, the files that pages and keeper load, and the keys.
func newHandler(issuers []string) (http.Handler, *mirror.Mirror, error) {
	keys, err := mirror.New(mirror.Config{Issuers: issuers})
	if err != nil {
		return nil, nil, err
	}
	// Chromium may share this origin's storage with a hidden frame on a site that
	// the person has dealt with here; its pages then need no window.
	page, err := wasm.Keeper(wasm.KeeperConfig{Name: "the examples", AllowFrames: true})
	if err != nil {
		return nil, nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/keeper", page)
	mux.Handle("/{$}", page)
	mux.Handle("/bonafides/", wasm.Assets("/bonafides/"))
	mux.Handle(mirror.Path, keys)
	// The page asks here whether its own origin is an issuer's. It is not.
	mux.HandleFunc("GET /.well-known/private-state-token/key-commitment", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
	})
	return mux, keys, nil
}
