package idpserver

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/bonafides-dev/bonafides/idpserver/directory"
	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/idpserver/internal/logout"
	"github.com/bonafides-dev/bonafides/idpserver/internal/op"
	"github.com/bonafides-dev/bonafides/idpserver/internal/pages"
	"github.com/bonafides-dev/bonafides/idpserver/internal/people"
	"github.com/bonafides-dev/bonafides/idpserver/internal/popup"
	"github.com/bonafides-dev/bonafides/idpserver/internal/tokens"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// passwordCosts are what a password costs in servers made from now on.
var passwordCosts = people.DefaultCosts

// Server is an identity provider for one origin. It is safe for concurrent use.
type Server struct {
	people    *people.People
	fedcm     *fedcm.Handler
	tokens    *tokens.Tokens
	endpoints *op.OP
	handler   http.Handler
	keys      sync.Mutex // of those who change the keys
}

// New makes a Server. It writes nothing to the store.
func New(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	who, err := people.New(people.Config{
		Issuer: c.Issuer, Name: c.Name, Store: c.Store, Domains: c.Domains,
		Mail: func(ctx context.Context, to, subject, text string) error {
			return c.Mailer.Send(ctx, Mail{To: to, Subject: subject, Text: text})
		},
		SessionLifetime: c.SessionLifetime, SessionIdle: c.SessionIdle, CodeLifetime: c.CodeLifetime, Passwords: passwordCosts,
		Secrets: c.Secrets, ClientAddr: c.ClientAddr, Now: c.Now, Log: c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("idpserver: %w", err)
	}
	outbound, err := web.Outbound{From: c.Issuer, Private: c.PrivateAddresses}.Client()
	if err != nil {
		return nil, fmt.Errorf("idpserver: %w", err)
	}
	tell, err := tokens.New(tokens.Config{
		Issuer: c.Issuer, Store: c.Store, People: who, Clients: c.Clients, Logout: logout.New(outbound, c.Log), Secrets: c.Secrets, Claims: c.Claims,
		TokenLifetime: c.TokenLifetime, CodeLifetime: c.AuthCodeLifetime, AccessLifetime: c.AccessTokenLifetime,
		RefreshIdle: c.RefreshIdle, OfflineLifetime: c.OfflineLifetime, Now: c.Now, Log: c.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("idpserver: %w", err)
	}
	show := pages.New(pages.Config{
		Name: c.Name, Issuer: c.Issuer, MinPasswordLength: c.MinPasswordLength,
		People: who, Tokens: tell, Clients: c.Clients, Parts: c.parts(), Log: c.Log,
	})
	endpoints := op.New(op.Config{
		Issuer: c.Issuer, People: who, Tokens: tell, Pages: show, Clients: c.Clients, Codes: c.Store, Scopes: c.Scopes,
		Now: c.Now, Log: c.Log,
	})
	browsers, err := newFedCM(c, who, tell, show)
	if err != nil {
		return nil, err
	}
	window := popup.New(popup.Config{People: who, Tokens: tell, Pages: show, Clients: c.Clients, Log: c.Log})
	handler, err := routes(c.Issuer, show, endpoints, window, browsers)
	if err != nil {
		return nil, err
	}
	s := &Server{people: who, fedcm: browsers, tokens: tell, endpoints: endpoints, handler: handler}
	if err := s.SetKeys(c.Keys); err != nil {
		return nil, err
	}
	return s, nil
}

func (c Config) parts() func(context.Context, pages.At) pages.Parts {
	if c.Pages == nil {
		return nil
	}
	return func(ctx context.Context, at pages.At) pages.Parts {
		return pages.Parts(c.Pages(ctx, PageAt{Page(at.Page), at.Waiting, at.Next}))
	}
}

// ServeHTTP answers every request to the issuer's origin.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ConfigURL is the configURL that relying parties name in
// navigator.credentials.get().
func (s *Server) ConfigURL() string { return s.fedcm.ConfigURL() }

// NewAccount is what CreateAccount makes an account of.
type NewAccount struct {
	Email                         string
	Name                          string // 1 to 100 characters
	GivenName                     string // may be empty, as the four that follow
	FamilyName, PreferredUsername string
	Locale, Zoneinfo              string   // "en-GB", "Europe/London"
	Groups                        []string // for clients that ask for the scope groups
	Password                      string   // may be empty: nobody can then sign in with one
	// EmailVerified says that the operator vouches for the address. People who
	// sign up themselves never get it.
	EmailVerified bool
}

// CreateAccount adds an account on the operator's word, without the limits of
// the sign-up page. directory.ErrEmailTaken: another account has the address.
func (s *Server) CreateAccount(ctx context.Context, n NewAccount) (*directory.Account, error) {
	return s.people.Create(ctx, people.NewAccount(n))
}

func routes(issuer string, show *pages.Pages, endpoints *op.OP, window *popup.Popup, browsers *fedcm.Handler) (http.Handler, error) {
	own := http.NewServeMux()
	for path, h := range map[string]pages.Handler{
		"/{$}":                   show.ServeHome,
		"/signup":                show.ServeSignUp,
		"/signin":                show.ServeSignIn,
		"/signout":               show.ServeSignOut,
		"/account":               show.ServeAccount,
		"/verify-email":          show.ServeVerifyEmail,
		"/error":                 show.ServeError,
		op.ConsentPath:           endpoints.ServeConsent,
		op.EndSessionConfirmPath: endpoints.ServeEndSessionConfirm,
		popup.Path:               window.Serve,
		popup.ConsentPath:        window.ServeConsent,
		"/":                      pages.NotFound,
	} {
		own.HandleFunc(path, show.Serve(h))
	}
	// Forms of other sites are refused by what the browser says of their origin
	// (Sec-Fetch-Site, else Origin); that the page cookie is Lax and does not come
	// with them is the second line. Browsers that say Origin alone are held against the
	// issuer too: a proxy may have put another Host in.
	var csrf http.CrossOriginProtection
	if err := csrf.AddTrustedOrigin(issuer); err != nil {
		return nil, fmt.Errorf("idpserver: Issuer: %w", err)
	}
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		show.AnswerError(w, r, web.NewProblem(http.StatusForbidden, "cross_origin",
			"This form was sent by another site. Nothing was done."))
	}))

	mux := http.NewServeMux()
	mux.Handle("/", csrf.Handler(own))
	mux.Handle(look.Prefix, look.Handler())
	mux.Handle(pages.AssetPrefix, pages.Assets)
	// A client's own page may post its request here, and nothing is decided.
	mux.Handle(op.AuthorizePath, show.Serve(endpoints.ServeAuthorize))
	mux.Handle(op.EndSessionPath, show.Serve(endpoints.ServeEndSession))
	mux.HandleFunc(op.TokenPath, endpoints.ServeToken)
	mux.HandleFunc(op.UserinfoPath, endpoints.ServeUserinfo)
	mux.HandleFunc(op.IntrospectPath, endpoints.ServeIntrospect)
	mux.HandleFunc(op.RevokePath, endpoints.ServeRevoke)
	mux.HandleFunc(op.PARPath, endpoints.ServePAR)
	mux.HandleFunc("/picture/{file}", pages.ServePicture)
	mux.HandleFunc(op.DiscoveryPath, endpoints.ServeDiscovery)
	mux.HandleFunc(op.OAuthPath, endpoints.ServeDiscovery)
	mux.HandleFunc(op.KeysPath, endpoints.ServeKeys)
	// The FedCM endpoints answer the browser, not its pages: they have cookies
	// and checks of their own, and POST from other origins by design.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if browsers.Handles(r.URL.Path) {
			browsers.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	}), nil
}
