// Relyingparty is a site where people sign in with an identity provider that
// speaks FedCM: users, sessions and nonces in one SQLite file, one page.
//
//	go run ./examples/relyingparty -issuer https://idp.example -client shop
package main

import (
	_ "embed"
	"flag"
	"html/template"
	"log"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rp"
)

//go:embed page.html
var html string

func main() {
	addr := flag.String("addr", "localhost:9000", "where to listen")
	origin := flag.String("origin", "http://shop.localhost:9000", "the site's origin in the browser")
	issuer := flag.String("issuer", "", "the identity provider, like https://idp.example")
	client := flag.String("client", "", "the client id that the provider gave this site")
	file := flag.String("db", "relyingparty.db", "the SQLite file")
	flag.Parse()
	store, err := rp.OpenSQLite(*file)
	if err != nil {
		log.Fatal(err)
	}
	site, err := rpserver.New(rpserver.Config{
		Origin:    *origin,
		Providers: []rpserver.Provider{{ConfigURL: *issuer + "/fedcm/config.json", Issuer: *issuer, ClientID: *client}},
		Users:     store, Nonces: store, SessionStore: store,
	})
	if err != nil {
		log.Fatal(err)
	}
	page := template.Must(template.New("page").Parse(html))
	http.Handle("/auth/", http.StripPrefix("/auth", site))
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		user, _ := site.User(r)
		w.Header().Set("Content-Security-Policy", "default-src 'self'; connect-src 'self' "+strings.Join(site.ConnectSrc(), " "))
		w.Header().Set("Cache-Control", "no-store")
		_ = page.Execute(w, user)
	})
	log.Fatal(http.ListenAndServe(*addr, nil))
}
