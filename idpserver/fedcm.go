package idpserver

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/popup"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
)

// provider is the server as the FedCM endpoints see it.
type provider struct {
	people  *people.People
	tokens  *tokens.Tokens
	clients directory.ClientStore
}

var _ fedcm.Provider = provider{}

func newFedCM(c Config, who *people.People, tell *tokens.Tokens, show *pages.Pages) (*fedcm.Handler, error) {
	return fedcm.New(fedcm.Config{
		Origin:    c.Issuer,
		Provider:  provider{who, tell, c.Clients},
		ErrorURL:  show.ErrorURL,
		PopupPath: popup.Path,
		Branding: wire.Branding{
			Name:            c.Name,
			BackgroundColor: pages.BrandColour,
			Color:           "#ffffff",
			Icons:           []wire.Icon{{URL: c.Issuer + "/picture/" + pages.BrandFile, Size: pages.IconSize}},
		},
		Log: c.Log,
	})
}

// Client implements fedcm.Provider.
func (p provider) Client(ctx context.Context, id string) (*fedcm.Client, error) {
	c, err := p.clients.Client(ctx, id)
	if errors.Is(err, directory.ErrNotFound) {
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
	here, err := p.people.ForFedCM(r)
	if err != nil {
		return nil, err
	}
	list := make([]wire.Account, 0, len(here))
	for _, a := range here {
		grants, err := p.tokens.Grants(r.Context(), a.ID)
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
			ID: a.ID, Name: a.Name, GivenName: a.GivenName, Email: a.Email, Picture: p.people.PictureURL(a.ID),
			ApprovedClients: approved,
			LoginHints:      []string{a.ID},
		}
		// Who signed up with somebody's address first is not found by it: an address
		// is somebody's once it is verified.
		if a.EmailVerified {
			w.LoginHints = []string{a.Email, a.ID}
			// The browser compares letter by letter, and sites keep addresses in lower case.
			if lower := strings.ToLower(a.Email); lower != a.Email {
				w.LoginHints = []string{a.Email, lower, a.ID}
			}
		}
		if d := p.people.HostedDomain(a); d != "" {
			w.DomainHints = []string{d}
		}
		list = append(list, w)
	}
	return list, nil
}

// Assert implements fedcm.Provider. What the browser showed the person is in
// disclosure_shown_for, or in disclosure_text_shown from browsers that know no
// fields.
func (p provider) Assert(r *http.Request, a *fedcm.Assertion) (string, error) {
	ctx := r.Context()
	account, err := p.people.Account(ctx, a.Account.ID)
	if err != nil {
		return "", err
	}
	client, err := p.clients.Client(ctx, a.ClientID)
	if err != nil {
		return "", err
	}
	shown, wanted := a.DisclosureShownFor, tokens.DefaultFields()
	if a.DisclosureTextShown {
		shown = append(slices.Clone(shown), tokens.DefaultFields()...)
	}
	if a.HasFields {
		wanted = a.Fields
	}
	if over := p.people.AllowAuthorization(account.ID); over != nil {
		return "", &fedcm.Error{Status: over.Status, Code: fedcm.CodeUnavailable, Detail: over.Detail}
	}
	// Who is signed in here is known; since when is not told without being asked.
	token, err := p.tokens.Authorize(ctx, tokens.Authorization{
		Account: account, Client: client, Wanted: wanted, Shown: shown, Nonce: a.Nonce,
		Log: []any{"auto_selected", a.IsAutoSelected},
	})
	var refused *web.Problem
	if errors.As(err, &refused) {
		return "", (*fedcm.Error)(&refused.Refusal)
	}
	return token, err
}

// Disconnect implements fedcm.Provider.
func (p provider) Disconnect(r *http.Request, clientID, accountID string) error {
	return p.tokens.Disconnect(r.Context(), accountID, clientID)
}
