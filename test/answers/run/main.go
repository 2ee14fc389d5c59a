// Command run plays the scripts of package answers against an issuer elsewhere,
// such as the Worker in workerd.
//
//	run -issuers              prints the issuers' variables as Workers; a line of JSON for each
//	run -issuer NAME -url URL plays the scripts of this issuer; prints a line of JSON for each
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/bonafides-dev/bonafides/test/answers"
)

func main() {
	issuers := flag.Bool("issuers", false, "print the issuers' variables")
	name := flag.String("issuer", "", "`name` of the issuer")
	url := flag.String("url", "", "`URL` of the issuer")
	flag.Parse()
	out := json.NewEncoder(os.Stdout)
	if *issuers {
		for _, i := range answers.Issuers() {
			check(out.Encode(map[string]any{"issuer": i.Name, "down": i.Down, "variables": i.Worker()}))
		}
		return
	}
	scripts, err := answers.All()
	check(err)
	client := &http.Client{Timeout: time.Minute}
	for _, s := range scripts {
		if s.Issuer != *name {
			continue
		}
		n, err := s.Run(client, *url, time.Now)
		why := ""
		if err != nil {
			why = err.Error()
		}
		check(out.Encode(map[string]any{"script": s.Name, "answers": n, "error": why}))
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
