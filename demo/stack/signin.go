package stack

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"

	"github.com/bonafides-dev/bonafides/demo/home"
	"github.com/bonafides-dev/bonafides/demo/idpsite"
	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/quick"
	"github.com/bonafides-dev/bonafides/demo/shop"
	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/store/idpstore"
	"github.com/bonafides-dev/bonafides/store/rpstore"
)

const (
	shopClientID = "kiln-lane"  // the shop's name at the identity provider
	providerName = "lanternkey" // the provider's name in the shop's paths
)

// People are the two who have accounts from the start. Their passwords are no
// secret: the sign-in page has a button for each.
var people = []struct {
	idpserver.NewAccount
	action, label string
}{
	{idpserver.NewAccount{Name: "Ada Brandt", GivenName: "Ada", Email: "ada@idp.example", Password: "salt roads and bees in winter", EmailVerified: true}, "signin-ada", "Sign in as Ada"},
	{idpserver.NewAccount{Name: "Grace Moreau", GivenName: "Grace", Email: "grace@idp.example", Password: "learning to sail at sixty", EmailVerified: true}, "signin-grace", "Sign in as Grace"},
}

// idp is the identity provider, ready for FedCM, with Ada and Grace in it.
func (s *Stack) idp(c Config, k *keys) (http.Handler, error) {
	kept, err := idpstore.OpenSQLite(filepath.Join(c.DataDir, fileIdP))
	store, err := opened(s, kept, err)
	if err != nil {
		return nil, err
	}
	registered := []directory.Client{{
		ID: shopClientID, Name: "Kiln Lane", Origins: []string{s.Origins.Shop},
		PrivacyPolicyURL: s.Origins.Shop + "/privacy", TermsOfServiceURL: s.Origins.Shop + "/terms",
		RedirectURIs:           []string{s.Origins.Shop + "/signin/callback/" + providerName},
		PostLogoutRedirectURIs: []string{s.Origins.Shop + "/signout/callback/" + providerName},
		BackChannelLogoutURI:   s.Origins.Shop + "/signout/backchannel/" + providerName,
	}}
	for _, own := range c.Clients {
		registered = append(registered, own.registration(s.Origins.IdP))
	}
	clients, err := directory.StaticClients(registered...)
	if err != nil {
		return nil, err
	}
	config := idpserver.Config{
		Issuer: s.Origins.IdP, Name: "Lanternkey",
		Domains: []string{"idp.example"},
		Store:   store, Keys: k.provider, Clients: clients,
		Mailer: idpserver.MailerFunc(func(_ context.Context, m idpserver.Mail) error {
			s.Mailbox.Put(home.Mail{At: c.Now(), To: m.To, Subject: m.Subject, Text: m.Text})
			return nil
		}),
		Now: c.Now, Log: c.Log,
	}
	var buttons []quick.SignIn
	for _, p := range people {
		buttons = append(buttons, quick.SignIn{Action: p.action, Label: p.label, Email: p.Email, Password: p.Password})
	}
	site, err := idpsite.New(idpsite.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, Provider: config, Quick: buttons, Client: s.attacker(),
	})
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		if _, err := site.Provider.CreateAccount(context.Background(), p.NewAccount); err != nil && !errors.Is(err, directory.ErrEmailTaken) {
			return nil, err
		}
	}
	return site, nil
}

// shop is the pottery, whose visitors sign in at the provider.
func (s *Stack) shop(c Config) (http.Handler, error) {
	kept, err := rpstore.OpenSQLite(filepath.Join(c.DataDir, fileRP))
	store, err := opened(s, kept, err)
	if err != nil {
		return nil, err
	}
	signin, err := rpserver.New(rpserver.Config{
		Origin: s.Origins.Shop,
		Providers: []rpserver.Provider{{
			ConfigURL: s.Origins.IdP + "/fedcm/config.json", Issuer: s.Origins.IdP, ClientID: shopClientID, Name: providerName,
		}},
		Store:  store,
		Client: s.Client(look.Shop), // fetches the provider's keys
		Now:    c.Now, Log: c.Log,
	})
	if err != nil {
		return nil, err
	}
	return shop.New(shop.Config{
		Origins: instrument.Origins(s.Origins), Hub: s.Hub, SignIn: signin, ClientID: shopClientID,
		Client: s.attacker(), Now: c.Now,
	})
}
