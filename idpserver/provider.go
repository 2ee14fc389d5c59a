package idpserver

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// The groups of claims that a browser discloses (FedCM, the fields of a request).
const (
	fieldName    = "name"
	fieldEmail   = "email"
	fieldPicture = "picture"
)

// defaultFields are what the disclosure text names when the relying party does
// not say which it wants.
var defaultFields = []string{fieldName, fieldEmail, fieldPicture}

// provider is the Server as the FedCM endpoints see it.
type provider struct{ *Server }

var _ fedcm.Provider = provider{}

func (s *Server) newFedCM() (*fedcm.Handler, error) {
	return fedcm.New(fedcm.Config{
		Origin:    s.config.Issuer,
		Provider:  provider{s},
		ErrorURL:  s.errorURL,
		PopupPath: popupPath,
		Branding: wire.Branding{
			Name:            s.config.Name,
			BackgroundColor: brandColour,
			Color:           "#ffffff",
			Icons:           []wire.Icon{{URL: s.config.Issuer + "/picture/" + brandFile, Size: iconSize}},
		},
		Log: s.config.Log,
	})
}

// Client implements fedcm.Provider.
func (p provider) Client(ctx context.Context, id string) (*fedcm.Client, error) {
	c, err := p.config.Clients.Client(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return nil, fedcm.ErrUnknownClient
	}
	if err != nil {
		return nil, err
	}
	return &fedcm.Client{
		Origins: c.Origins, InsecureNoNonce: c.InsecureNoNonce,
		PrivacyPolicyURL: c.PrivacyPolicyURL, TermsOfServiceURL: c.TermsOfServiceURL,
	}, nil
}

// Accounts implements fedcm.Provider: the accounts signed in in the browser that
// the FedCM cookie names.
func (p provider) Accounts(r *http.Request) ([]wire.Account, error) {
	browser, err := p.fedcmBrowser(r)
	if err != nil {
		return nil, err
	}
	people, err := p.signedIn(r.Context(), browser)
	if err != nil {
		return nil, err
	}
	list := make([]wire.Account, 0, len(people))
	for _, a := range people {
		grants, err := p.config.Store.Grants(r.Context(), a.ID)
		if err != nil {
			return nil, err
		}
		// Never nil: what the person disconnected here must not be remembered
		// by the browser as approved.
		approved := make([]string, 0, len(grants))
		for _, g := range grants {
			approved = append(approved, g.Client)
		}
		w := wire.Account{
			ID: a.ID, Name: a.Name, GivenName: a.GivenName, Email: a.Email, Picture: p.pictureURL(a.ID),
			ApprovedClients: approved,
			LoginHints:      []string{a.Email, a.ID},
		}
		if d := p.hostedDomain(a); d != "" {
			w.DomainHints = []string{d}
		}
		list = append(list, w)
	}
	return list, nil
}

// Assert implements fedcm.Provider. The grant is stored before the token is
// signed: a token that somebody holds is always visible on the account page.
func (p provider) Assert(r *http.Request, a *fedcm.Assertion) (string, error) {
	ctx, now := r.Context(), p.config.Now()
	account, err := p.config.Store.Account(ctx, a.Account.ID)
	if err != nil {
		return "", err
	}
	client, err := p.config.Clients.Client(ctx, a.ClientID)
	if err != nil {
		return "", err
	}
	key, err := p.signingKey(client.algorithm())
	if err != nil {
		p.config.Log.ErrorContext(ctx, "client cannot be served", "client", client.ID, "error", err.Error())
		return "", errNoAlgorithm
	}
	granted, _, err := p.grant(ctx, account.ID, client.ID)
	if err != nil {
		return "", err
	}
	release, remember := disclosed(&a.AssertionRequest, granted)
	err = p.config.Store.PutGrant(ctx, Grant{
		Account: account.ID, Client: client.ID, Fields: remember, At: now, LastUsed: now,
	})
	if err != nil {
		return "", err
	}
	token, err := p.signIDToken(key, account, idTokenFor{client: client.ID, nonce: a.Nonce, release: release})
	if err != nil {
		return "", err
	}
	p.config.Log.InfoContext(ctx, "ID token issued", "account", account.ID, "client", client.ID,
		"auto_selected", a.IsAutoSelected)
	return token, nil
}

// Disconnect implements fedcm.Provider.
func (p provider) Disconnect(r *http.Request, clientID, accountID string) error {
	if err := p.config.Store.DeleteGrant(r.Context(), accountID, clientID); err != nil {
		return err
	}
	p.config.Log.InfoContext(r.Context(), "site disconnected", "account", accountID, "client", clientID)
	return nil
}

// disclosed decides which groups of claims go into the token, and which the
// grant remembers. What a relying party asks for goes out if the browser says
// that it told the person so, this time (disclosure_shown_for, or
// disclosure_text_shown in browsers that know no fields) or at an earlier
// sign-in. The subject itself always goes out: that is what the person agreed
// to by picking the account.
func disclosed(r *wire.AssertionRequest, granted []string) (release, remember []string) {
	shown := r.DisclosureShownFor
	if r.DisclosureTextShown {
		shown = append(slices.Clone(shown), defaultFields...)
	}
	wanted := defaultFields
	if r.HasFields {
		wanted = r.Fields
	}
	for _, f := range defaultFields {
		if !slices.Contains(shown, f) && !slices.Contains(granted, f) {
			continue
		}
		remember = append(remember, f)
		if slices.Contains(wanted, f) {
			release = append(release, f)
		}
	}
	return release, remember
}
