package rpserver_test

import (
	"fmt"
	"html"
	"log"
	"net/http"

	"github.com/alexedwards/scs/v2"

	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/memstore"
)

// A site of its own: the kit keeps users, nonces and sessions.
func Example() {
	store := new(memstore.RP) // or rp.OpenSQLite("shop.db") of store/rp
	shop, err := rpserver.New(rpserver.Config{
		Origin: "https://shop.example",
		Providers: []rpserver.Provider{{
			ConfigURL: "https://idp.example/fedcm/config.json",
			Issuer:    "https://idp.example",
			ClientID:  "shop",
		}},
		Users: store, Nonces: store, SessionStore: store,
	})
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("/auth/", http.StripPrefix("/auth", shop))
	http.Handle("/orders", shop.RequireUser(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, _ := shop.User(r)
		fmt.Fprintf(w, "The orders of %s.", html.EscapeString(user.Name))
	})))
	log.Fatal(http.ListenAndServe("localhost:9000", nil))
}

// An application that has sessions by scs and a user table already.
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
		Users:    &customers{},           // the application's table behind two methods
		Nonces:   new(memstore.RP),       // or rp.OpenSQLite of store/rp
		Sessions: rpserver.SCS(sessions), // the sessions that it has
	})
	if err != nil {
		log.Fatal(err)
	}
	app.Handle("/auth/", http.StripPrefix("/auth", auth))
	log.Fatal(http.ListenAndServe("localhost:9000", sessions.LoadAndSave(app)))
}
