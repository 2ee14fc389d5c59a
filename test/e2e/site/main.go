// Command site runs a relying party for the browser tests, at http://app.localhost:PORT
// and by the name www.localhost too. Its orders are for people who are signed in.
//
// A test can move its clock (POST /clock?behind=DURATION), and have a program look at
// each answer of the provider before the person gets there (POST /scan?on=true).
package main

import (
	"flag"
	"fmt"
	"html"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

func main() {
	port := flag.String("port", "", "the port on 127.0.0.1 to listen on")
	issuer := flag.String("issuer", "", "the provider")
	flag.Parse()
	if err := run(*port, *issuer); err != nil {
		fmt.Fprintf(os.Stderr, "site: %v\n", err)
		os.Exit(1)
	}
}

func run(port, issuer string) error {
	var behind atomic.Int64
	var scan atomic.Bool
	rp, err := rpserver.New(rpserver.Config{
		Origin: "http://app.localhost:" + port, Prefix: "/auth",
		Providers: []rpserver.Provider{{Name: "idp", Issuer: issuer, ClientID: "rp"}},
		Store:     rpmem.New(time.Now().Add(-time.Hour)),
		Now:       func() time.Time { return time.Now().Add(-time.Duration(behind.Load())) },
	})
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", http.StripPrefix("/auth", lookedAt(rp, &scan)))
	mux.Handle("GET /orders/{number}", rp.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := rp.User(r)
		page(w, fmt.Sprintf("Order %s of %s", r.PathValue("number"), user.Name))
	})))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) {
		page(w, "Shop")
	})
	mux.HandleFunc("POST /clock", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.FormValue("behind"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		behind.Store(int64(d))
	})
	mux.HandleFunc("POST /scan", func(_ http.ResponseWriter, r *http.Request) { scan.Store(r.FormValue("on") == "true") })
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	return web.Server(mux, slog.New(slog.DiscardHandler)).Serve(l)
}

func page(w http.ResponseWriter, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintf(w, `<!doctype html><html lang="en"><meta charset="utf-8"><title>%[1]s</title><link rel="icon" href="data:,"><h1>%[1]s</h1>`, html.EscapeString(title))
}

// lookedAt has what looks at addresses before people do look at each answer of the
// provider: a HEAD and a fetch ahead, with the person's cookies and without any.
func lookedAt(h http.Handler, on *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if on.Load() && r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/signin/callback/") {
			for _, method := range []string{http.MethodHead, http.MethodGet} {
				for _, cookies := range []bool{true, false} {
					look := r.Clone(r.Context())
					look.Method = method
					if method == http.MethodGet {
						look.Header.Set("Sec-Purpose", "prefetch")
					}
					if !cookies {
						look.Header.Del("Cookie")
					}
					h.ServeHTTP(httptest.NewRecorder(), look)
				}
			}
		}
		h.ServeHTTP(w, r)
	})
}
