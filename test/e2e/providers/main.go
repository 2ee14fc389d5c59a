// Command providers runs identity providers for the browser tests, each at an
// origin of its own (http://NAME.localhost:PORT), with two people in it. Every
// provider knows two clients, "rp" and "no-nonce", whose origins are the ones
// that the command line names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/memstore"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintf(os.Stderr, "providers: %v\n", err)
		os.Exit(1)
	}
}

func run() error {
	port := flag.String("port", "", "the port on 127.0.0.1 to listen on")
	names := flag.String("names", "", "the providers, with commas between")
	origins := flag.String("origins", "", "the relying parties' origins, with commas between")
	flag.Parse()
	if *port == "" || *names == "" || *origins == "" {
		return errors.New("-port, -names and -origins are needed")
	}
	key, err := idpserver.GenerateKey(jws.RS256)
	if err != nil {
		return err
	}
	hosts := map[string]http.Handler{}
	for name := range strings.SplitSeq(*names, ",") {
		host := name + ".localhost:" + *port
		if hosts[host], err = provider("http://"+host, name, strings.Split(*origins, ","), key); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+*port)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	server := http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := hosts[r.Host]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	})}
	return server.Serve(l)
}

// people is who has an account: Ada at an organisation, Grace for herself.
var people = []idpserver.NewAccount{
	{Name: "Ada Brandt", GivenName: "Ada", Email: "ada@corp.example", Password: "salt roads and bees in winter", EmailVerified: true},
	{Name: "Grace Moreau", GivenName: "Grace", Email: "grace@home.example", Password: "learning to sail at sixty", EmailVerified: true},
}

func provider(issuer, name string, origins []string, key *idpserver.Key) (http.Handler, error) {
	clients, err := idpserver.StaticClients(
		idpserver.Client{ID: "rp", Name: "Relying Party", Origins: origins},
		idpserver.Client{ID: "no-nonce", Name: "Relying Party", Origins: origins, InsecureNoNonce: true},
	)
	if err != nil {
		return nil, err
	}
	c := idpserver.Config{
		Issuer: issuer, Name: name, Store: new(memstore.IdP), Keys: []*idpserver.Key{key}, Clients: clients,
		Domains: []string{"corp.example"},
		Mailer:  idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return nil }),
	}
	for _, p := range people {
		c.InsecureQuickSignIn = append(c.InsecureQuickSignIn, idpserver.QuickSignIn{
			Action: "signin-" + strings.ToLower(p.GivenName), Label: "Sign in as " + p.GivenName, Email: p.Email, Password: p.Password,
		})
	}
	s, err := idpserver.New(c)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if _, err := s.CreateAccount(context.Background(), p); err != nil {
			return nil, err
		}
	}
	return s, nil
}
