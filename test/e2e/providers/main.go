// Command providers runs identity providers for the browser tests, each at an
// origin of its own (http://NAME.localhost:PORT), with two people in it. Every
// provider knows two clients, "rp" and "no-nonce", whose origins are the ones
// that the command line names. A relying party's server has the callback of "idp" below
// /auth.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/demo/quick"
	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/store/mem/idpmem"
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
	text, err := idpserver.GenerateKeys(jws.RS256, time.Now())
	if err != nil {
		return err
	}
	keys, err := idpserver.ParseKeys(text)
	if err != nil {
		return err
	}
	hosts := map[string]http.Handler{}
	for name := range strings.SplitSeq(*names, ",") {
		host := name + ".localhost:" + *port
		if hosts[host], err = provider("http://"+host, name, strings.Split(*origins, ","), keys); err != nil {
			return err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+*port)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	server := web.Server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h, ok := hosts[r.Host]
		if !ok {
			http.NotFound(w, r)
			return
		}
		h.ServeHTTP(w, r)
	}), slog.New(slog.DiscardHandler))
	return server.Serve(l)
}

// people is who has an account: Ada at an organisation, Grace for herself.
var people = []idpserver.NewAccount{
	{Name: "Ada Brandt", GivenName: "Ada", Email: "ada@corp.example", Password: "salt roads and bees in winter", EmailVerified: true},
	{Name: "Grace Moreau", GivenName: "Grace", Email: "grace@home.example", Password: "learning to sail at sixty", EmailVerified: true},
}

func provider(issuer, name string, origins []string, keys []idpserver.Key) (http.Handler, error) {
	var callbacks []string
	for _, o := range origins {
		callbacks = append(callbacks, o+"/auth/signin/callback/idp")
	}
	clients, err := directory.StaticClients(
		directory.Client{ID: "rp", Name: "Relying Party", Origins: origins, RedirectURIs: callbacks},
		directory.Client{ID: "no-nonce", Name: "Relying Party", Origins: origins, InsecureNoNonce: true},
	)
	if err != nil {
		return nil, err
	}
	c := idpserver.Config{
		Issuer: issuer, Name: name, Store: new(idpmem.Store), Keys: keys, Clients: clients,
		Domains: []string{"corp.example"},
		Mailer:  idpserver.MailerFunc(func(context.Context, idpserver.Mail) error { return nil }),
	}
	var buttons []quick.SignIn
	for _, p := range people {
		buttons = append(buttons, quick.SignIn{
			Action: "signin-" + strings.ToLower(p.GivenName), Label: "Sign in as " + p.GivenName, Email: p.Email, Password: p.Password,
		})
	}
	c.Pages = func(_ context.Context, at idpserver.PageAt) (p idpserver.PageParts) {
		if at.Page == idpserver.PageSignIn {
			p.Form = quick.Buttons(buttons, at.Next)
		}
		return p
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
