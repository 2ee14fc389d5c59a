// Command adnetwork-go is an ad network's server: it answers with one
// advertisement for visitors whom an issuer vouches for, and with another for
// everybody else. The check is rpserver/record; there is nothing else of the kit
// in it, and no session.
//
//	go run ./examples/adnetwork-go -issuer https://issuer.example -publishers https://news.example
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

func main() {
	flag.CommandLine = flag.NewFlagSet("adnetwork-go", flag.ExitOnError) // -h says this name
	addr := flag.String("addr", "localhost:8092", "`host:port` to listen on")
	issuer := flag.String("issuer", "http://issuer.localhost:8090", "`origin` of the issuer whose records count")
	publishers := flag.String("publishers", "http://news.localhost:8091", "`origins` of the sites whose pages send records, with commas between")
	flag.Parse()
	h, err := newServer(*issuer, strings.Split(*publishers, ","), nil)
	if err != nil {
		log.Fatal(err)
	}
	// A name below localhost is another site to a browser, as an ad network is.
	at := *addr
	if strings.HasPrefix(at, "localhost:") {
		at = "ads." + at
	}
	listener, err := net.Listen("tcp", *addr)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("advertisements at http://%s/ad on %s, for people vouched for by %s", at, *publishers, *issuer)
	server := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	log.Fatal(server.Serve(listener))
}

// newServer believes one issuer and answers pages of the publishers. client
// fetches the issuer's keys, which are kept as long as their Cache-Control says; nil
// is one that goes to public addresses, or about on this machine for an issuer on it.
func newServer(issuer string, publishers []string, client *http.Client) (http.Handler, error) {
	keys, err := jwks.New(jwks.Config{Client: client, Locate: jwks.At(jwks.RecordKeysPath)})
	if err != nil {
		return nil, err
	}
	checker, err := record.New(record.Config{Issuers: map[string]jwks.KeySource{issuer: keys}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ad", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		switch result := checker.Check(r).(type) {
		case record.Vouched:
			// A person was there since result.At. Not more than that: the same
			// record can come a thousand times.
			fmt.Fprintf(w, "An advertisement for people. (%s vouched for a visitor of %s.)\n", result.Issuer, result.Origin)
		case record.Refused:
			fmt.Fprintf(w, "A plain advertisement. (%s)\n", result.Detail)
		}
	})
	// A browser without Private State Tokens asks first whether a page may send
	// the polyfill's header. This answers, and lets the publishers' pages, and no
	// others, read the advertisement.
	return record.CORS{Origins: publishers}.Middleware(mux)
}
