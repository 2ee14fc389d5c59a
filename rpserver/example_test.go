package rpserver_test

import (
	"fmt"
	"html"
	"log"
	"net/http"
	"time"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/mem/rpmem"
)

// A site of its own: the kit keeps users, nonces and sessions.
func Example() {
	store := new(rpmem.Store) // or rpstore.OpenSQLite("shop.db")
	shop, err := rpserver.New(rpserver.Config{
		Origin: "https://shop.example",
		Providers: []rpserver.Provider{{
			ConfigURL: "https://idp.example/fedcm/config.json",
			Issuer:    "https://idp.example",
			ClientID:  "shop",
		}},
		Prefix: "/auth", // where it is mounted, below
		Store:  store,
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/auth/", http.StripPrefix("/auth", shop))
	http.Handle("/orders", shop.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := shop.User(r)
		fmt.Fprintf(w, "The orders of %s.", html.EscapeString(user.Name))
	})))
	server := &http.Server{Addr: "localhost:9000", ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// An application that already has sessions by scs and a user table.
func ExampleSCS() {
	sessions := scs.New()
	sessions.Cookie.Secure = true
	app := http.NewServeMux()

	auth, err := rpserver.New(rpserver.Config{
		Origin: "https://shop.example",
		Providers: []rpserver.Provider{{
			ConfigURL: "https://idp.example/fedcm/config.json",
			Issuer:    "https://idp.example",
			ClientID:  "shop",
		}},
		Prefix:   "/auth",
		Users:    &customers{},           // the application's table behind two methods
		Nonces:   new(rpmem.Store),       // or rpstore.OpenSQLite
		Sessions: rpserver.SCS(sessions), // the sessions that it has
	})
	if err != nil {
		log.Fatal(err)
	}
	app.Handle("/auth/", http.StripPrefix("/auth", auth))
	server := &http.Server{Addr: "localhost:9000", Handler: sessions.LoadAndSave(app), ReadHeaderTimeout: 10 * time.Second}
	log.Fatal(server.ListenAndServe())
}
