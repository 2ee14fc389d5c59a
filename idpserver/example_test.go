package idpserver_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/memstore"
)

// A provider with one relying party. A real one reads its key from a file and
// keeps its state with store/idp.
func ExampleNew() {
	key, err := idpserver.GenerateKey(jws.RS256)
	if err != nil {
		log.Fatal(err)
	}
	clients, err := idpserver.StaticClients(idpserver.Client{
		ID: "shop", Name: "Corner Shop", Origins: []string{"https://shop.example"},
	})
	if err != nil {
		log.Fatal(err)
	}
	server, err := idpserver.New(idpserver.Config{
		Issuer:  "https://idp.example",
		Name:    "Example ID",
		Store:   new(memstore.IdP),
		Keys:    []*idpserver.Key{key},
		Clients: clients,
		Mailer: idpserver.MailerFunc(func(_ context.Context, m idpserver.Mail) error {
			return nil // hand m to a mail server
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	// http.ListenAndServe(..., server); here one request stands for the browser's.
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://idp.example/.well-known/web-identity", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"provider_urls":["https://idp.example/fedcm/config.json"],"accounts_endpoint":"https://idp.example/fedcm/accounts","login_url":"https://idp.example/signin"}
}
