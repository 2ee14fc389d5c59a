// Command gate-go is a server behind the gate: it answers requests of the gate
// alone, and greets whoever the gate admitted. The check is rpserver/gate.
//
//	go run ./examples/gate-go -gate https://gate.example -origin https://app.example
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver/gate"
)

func main() {
	flag.CommandLine = flag.NewFlagSet("gate-go", flag.ExitOnError) // -h says this name
	addr := flag.String("addr", "localhost:8094", "`host:port` to listen on")
	visitors := flag.String("gate", "http://localhost:8787", "`origin` at which visitors reach the gate")
	origin := flag.String("origin", "http://localhost:8094", "this server's `origin`, as the gate's settings name it")
	flag.Parse()
	h, err := newServer(gate.Config{Gate: *visitors, Origin: *origin})
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("http://%s answers what comes through %s", *addr, *visitors)
	server := &http.Server{
		Addr: *addr, Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

func newServer(c gate.Config) (http.Handler, error) {
	verifier, err := gate.New(c)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		switch visitor, _ := gate.VisitorOf(r.Context()); visitor.Admitted {
		case gate.ByIDToken:
			fmt.Fprintf(w, "You are %s at %s.\n", visitor.Subject, visitor.Issuer)
		case gate.ByRecord:
			fmt.Fprintf(w, "%s vouches for a visitor of %s.\n", visitor.Issuer, visitor.Site)
		}
	})
	return verifier.Require(mux), nil
}
