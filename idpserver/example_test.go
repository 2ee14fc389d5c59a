package idpserver_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
)

// A provider with one relying party. A real one reads its keys from a file that
// bonafides keys made, and keeps its state with store/idpstore.
func ExampleNew() {
	ring, err := idpserver.GenerateKeys(jws.RS256, time.Now())
	if err != nil {
		log.Fatal(err)
	}
	keys, err := idpserver.ParseKeys(ring)
	if err != nil {
		log.Fatal(err)
	}
	clients, err := directory.StaticClients(directory.Client{
		ID: "shop", Name: "Corner Shop", Origins: []string{"https://shop.example"},
	})
	if err != nil {
		log.Fatal(err)
	}
	server, err := idpserver.New(idpserver.Config{
		Issuer:  "https://idp.example",
		Name:    "Example ID",
		Store:   new(idpmem.Store),
		Keys:    keys,
		Clients: clients,
		// Nothing stands before this server; see also TrustedProxies.
		DirectConnections: true,
		Mailer: idpserver.MailerFunc(func(_ context.Context, m idpserver.Mail) error {
			return nil // hand m to a mail server
		}),
	})
	if err != nil {
		log.Fatal(err)
	}
	// An http.Server serves it; here one request stands for the browser's.
	w := httptest.NewRecorder()
	server.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "https://idp.example/.well-known/web-identity", nil))
	fmt.Println(w.Code, w.Body)
	// Output:
	// 200 {"provider_urls":["https://idp.example/fedcm/config.json"],"accounts_endpoint":"https://idp.example/fedcm/accounts","login_url":"https://idp.example/signin"}
}
