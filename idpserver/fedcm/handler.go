// Package fedcm answers the requests that a browser makes to an identity
// provider for FedCM (W3C Federated Credential Management API), for any provider
// that can implement Provider: the well-known file, the config file, and the
// accounts, client metadata, ID assertion and disconnect endpoints.
//
//	browser                                     provider
//	GET  /.well-known/web-identity     ------>  where the config file is
//	GET  /fedcm/config.json            ------>  where everything else is, branding
//	GET  /fedcm/accounts        cookie ------>  who is signed in (not told for whom)
//	GET  /fedcm/client-metadata        ------>  the relying party's policies (not told who asks)
//	     the person picks an account in the browser's own dialog
//	POST /fedcm/assertion       cookie ------>  a token for this relying party
//
// The handler makes every check that the specification and Google's developer
// guide ask of a provider, before a Provider method can change anything:
// Sec-Fetch-Dest: webidentity, which no page can send; the method and content
// type; that Origin is exactly one of the client's registered origins; that the
// account is one of those signed in in this browser; the nonce.
//
// A refusal is JSON with the error object of the specification (code and URL,
// which the browser hands to the relying party and offers to the person) and
// beside it the HTTP status and a sentence for developers.
package fedcm

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/bonafides-dev/bonafides/internal/web"
	wire "github.com/bonafides-dev/bonafides/protocol/fedcm"
	"github.com/bonafides-dev/bonafides/protocol/origin"
)

// ErrUnknownClient is what Provider.Client returns for a client id that is not
// registered.
var ErrUnknownClient = errors.New("fedcm: unknown client")

// Error is a refusal: an HTTP status, a code that the relying party's script
// sees, and a sentence for people. A Provider may return a *Error; any other
// error is answered as temporarily_unavailable and its text is only logged.
type Error struct {
	Status int    // HTTP status code
	Code   string // stable, lower case, underscores
	Detail string // what happened, why, and what to do next
}

// Error returns "code: detail".
func (e *Error) Error() string { return e.Code + ": " + e.Detail }

// refused is a refusal of what every handler of the kit reads the same way.
func refused(p *web.Problem) *Error {
	if p == nil {
		return nil
	}
	return (*Error)(&p.Refusal)
}

// Provider is what the endpoints ask of an identity provider. The methods are
// called concurrently, only for requests that carry Sec-Fetch-Dest: webidentity
// where they get one, and in the order of this list.
type Provider interface {
	// Client returns what is registered under a client id, or ErrUnknownClient.
	Client(ctx context.Context, id string) (*Client, error)

	// Accounts lists the accounts that are signed in in the browser that sent r.
	// None is not an error. ApprovedClients should not be nil: an empty list
	// tells the browser that the person has approved nobody, nil leaves it to
	// what the browser remembers.
	Accounts(r *http.Request) ([]wire.Account, error)

	// Assert makes the token. The handler has checked everything that a does not
	// carry; the provider records that the person approved the client.
	Assert(r *http.Request, a *Assertion) (token string, err error)

	// Disconnect ends the approval of the client for one of the accounts that
	// Accounts listed. Ending what is not there is no error.
	Disconnect(r *http.Request, clientID, accountID string) error
}

// Client is what the endpoints need to know of a relying party.
type Client struct {
	Origins                             []string // exact origins that may ask
	PrivacyPolicyURL, TermsOfServiceURL string   // absolute URLs, or empty
	InsecureNoNonce                     bool     // answer requests without a nonce too
}

// Assertion is a request for a token that passed every check.
type Assertion struct {
	wire.AssertionRequest
	Client  *Client
	Account wire.Account // one of those that Provider.Accounts listed
	Origin  string       // of the relying party's page
}

// Config says where the endpoints are. Origin and Provider are needed.
type Config struct {
	// Origin is the provider's own: "https://accounts.idp.example".
	Origin string
	// Provider answers for people and relying parties.
	Provider Provider
	// Prefix is the path of the endpoints: "/fedcm" if empty.
	Prefix string
	// LoginPath is the page where people sign in: "/signin" if empty. It gets
	// login_hint and domain_hint, and should call IdentityProvider.close().
	LoginPath string
	// ErrorURL returns the page about a code, of the same site as Origin. If it
	// is nil, or returns nothing, the browser offers no page.
	ErrorURL func(code string) string
	// PopupPath is a page of the provider's own that does the same in a window,
	// for browsers without FedCM (the polyfill reads it from the config file).
	// Empty: there is none. The Handler does not serve it.
	PopupPath string
	// Branding is how the browser's dialog shows the provider.
	Branding wire.Branding
	// Log gets the code of each refusal; nothing if nil.
	Log *slog.Logger
}

// Handler answers the FedCM endpoints. It is immutable and safe for concurrent
// use.
type Handler struct {
	config    Config
	routes    map[string]endpoint
	wellKnown []byte
	document  []byte
}

type endpoint func(http.ResponseWriter, *http.Request) *Error

// WellKnownPath is where browsers look for the well-known file: on the
// provider's registrable domain (eTLD+1). A provider at accounts.idp.example
// mounts its Handler there too, at idp.example, for this one path.
const WellKnownPath = wire.WellKnownPath

// New makes a Handler.
func New(c Config) (*Handler, error) {
	if err := origin.CheckSecure(c.Origin); err != nil {
		return nil, fmt.Errorf("fedcm: Origin %q %w", c.Origin, err)
	}
	if c.Provider == nil {
		return nil, errors.New("fedcm: Provider is needed")
	}
	if c.Prefix == "" {
		c.Prefix = "/fedcm"
	}
	if c.LoginPath == "" {
		c.LoginPath = "/signin"
	}
	for _, p := range []string{c.Prefix, c.LoginPath} {
		if p[0] != '/' || strings.HasSuffix(p, "/") {
			return nil, errors.New("fedcm: paths begin with a slash and do not end with one")
		}
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{config: c}
	if err := h.buildDocuments(); err != nil {
		return nil, err
	}
	h.routes = map[string]endpoint{
		WellKnownPath:             h.serveWellKnown,
		h.path("config.json"):     h.serveConfig,
		h.path("accounts"):        h.serveAccounts,
		h.path("client-metadata"): h.serveClientMetadata,
		h.path("assertion"):       h.serveAssertion,
		h.path("disconnect"):      h.serveDisconnect,
	}
	return h, nil
}

func (h *Handler) path(name string) string { return h.config.Prefix + "/" + name }

func (h *Handler) url(path string) string { return h.config.Origin + path }

// ConfigURL is the configURL that relying parties name.
func (h *Handler) ConfigURL() string { return h.url(h.path("config.json")) }

// Handles says whether path is one of the endpoints.
func (h *Handler) Handles(path string) bool { return h.routes[path] != nil }

// ServeHTTP answers the endpoints, and 404 for every other path.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	serve := h.routes[r.URL.Path]
	if serve == nil {
		web.NewProblem(http.StatusNotFound, "not_found", "There is no FedCM endpoint here.").Write(w)
		return
	}
	if e := serve(w, r); e != nil {
		h.refuse(w, r, e)
	}
}
