// Command adnetwork-go is an ad network's server: it answers with one
// advertisement for visitors whom an issuer vouches for, and with another for
// everybody else. The check is rpserver/record; there is nothing else of the kit
// in it, and no session.
//
//	go run ./examples/adnetwork-go -issuer https://issuer.example
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/rpserver/jwks"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

func main() {
	addr := flag.String("addr", "localhost:8092", "`host:port` to listen on")
	issuer := flag.String("issuer", "http://issuer.localhost:8090", "`origin` of the issuer whose records count")
	flag.Parse()
	h, err := newServer(*issuer, &http.Client{Timeout: 10 * time.Second})
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("advertisements at http://%s/ad, for people vouched for by %s", *addr, *issuer)
	log.Fatal((&http.Server{Addr: *addr, Handler: h, ReadHeaderTimeout: 10 * time.Second}).ListenAndServe())
}

// newServer believes one issuer. client fetches its keys, which are kept as long
// as their Cache-Control says.
func newServer(issuer string, client *http.Client) (http.Handler, error) {
	keys, err := jwks.New(jwks.Config{Client: client, Locate: jwks.At(jwks.RecordKeysPath)})
	if err != nil {
		return nil, err
	}
	checker, err := record.New(record.Config{Issuers: map[string]record.KeySource{issuer: keys}})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /ad", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-store")
		w.Header().Set("Access-Control-Allow-Origin", "*") // the answer is for whoever asks
		switch result := checker.Check(r).(type) {
		case record.Vouched:
			// A person was there since result.At. Not more than that: the same
			// record can come a thousand times.
			fmt.Fprintf(w, "An advertisement for people. (%s vouched for a visitor of %s.)\n", result.Issuer, result.Origin)
		case record.Refused:
			fmt.Fprintf(w, "A plain advertisement. (%s)\n", result.Reason)
		}
	})
	return mux, nil
}
