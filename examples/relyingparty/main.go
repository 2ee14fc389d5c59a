// Relyingparty is a site where people sign in with an identity provider: with
// FedCM where the browser has it, by the provider's window where it has not, and
// by redirect everywhere. Users, sessions and nonces are in one SQLite file.
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
	"time"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/rpstore"
	"github.com/bonafides-dev/bonafides/wasm"
)

//go:embed page.html
var html string

//go:embed members.html
var membersHTML string

//go:embed page.css
var css []byte

func main() {
	flag.CommandLine = flag.NewFlagSet("relyingparty", flag.ExitOnError) // -h says this name
	addr := flag.String("addr", "localhost:9000", "`host:port` to listen on")
	origin := flag.String("origin", "http://site.localhost:9000", "the site's `origin` in the browser")
	issuer := flag.String("issuer", "", "the identity provider's `URL`, like https://idp.example (required)")
	client := flag.String("client", "", "the client `id` that the provider gave this site (required)")
	file := flag.String("db", "relyingparty.db", "the SQLite `file`")
	flag.Parse()
	if *issuer == "" || *client == "" {
		log.Fatal("-issuer URL and -client ID are needed. With the demo running: -issuer http://idp.localhost:8080 -client mysite")
	}
	store, err := rpstore.OpenSQLite(*file)
	if err != nil {
		log.Fatal(err)
	}
	site, err := rpserver.New(rpserver.Config{
		Origin:    *origin,
		Prefix:    "/auth", // where the handler is mounted, below
		Providers: []rpserver.Provider{{ConfigURL: *issuer + "/fedcm/config.json", Issuer: *issuer, ClientID: *client}},
		Store:     store,
	})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := newHandler(site)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("%s; its redirect URI at %s: %s", *origin, *issuer, strings.Join(site.RedirectURIs(), " "))
	log.Printf("where people come back to after a sign-out at the provider: %s", strings.Join(site.PostLogoutRedirectURIs(), " "))
	server := &http.Server{
		Addr: *addr, Handler: handler, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second,
		WriteTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
	}
	log.Fatal(server.ListenAndServe())
}

// newHandler is the site: its page, one for members alone, the paths of the sign-in below /auth/, and
// the script for browsers without FedCM below /bonafides/.
func newHandler(site *rpserver.RP) (http.Handler, error) {
	page, err := template.New("page").Parse(html)
	if err != nil {
		return nil, err
	}
	members, err := template.New("members").Parse(membersHTML)
	if err != nil {
		return nil, err
	}
	script, integrity, err := wasm.Script("fedcm", wasm.Classic)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", site))
	mux.Handle("/bonafides/", wasm.Assets("/bonafides/"))
	mux.HandleFunc("GET /page.css", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/css; charset=utf-8")
		_, _ = w.Write(css)
	})
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		user, _ := site.User(r)
		// The icon is a data: URL, and FedCM's requests fall under connect-src.
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:; connect-src 'self' "+strings.Join(site.ConnectSrc(), " "))
		w.Header().Set("Cache-Control", "no-store")
		_ = page.Execute(w, map[string]any{"User": user, "Script": script, "Integrity": integrity})
	})
	// To anybody else the kit shows a page that leads to the provider and back here.
	mux.Handle("GET /members", site.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := site.User(r)
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src data:")
		w.Header().Set("Cache-Control", "no-store")
		_ = members.Execute(w, user)
	})))
	return mux, nil
}
