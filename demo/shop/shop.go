// Package shop is the relying party of the demo: Kiln Lane, a small pottery.
// Anybody can fill a basket; to order, a person signs in with their identity
// provider by FedCM.
package shop

import (
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver"
	"github.com/bonafides-dev/bonafides/wasm"
)

//go:embed assets
var files embed.FS

// A SignIn is the relying party inside the shop: it answers /signin/nonce,
// /signin/fedcm, /signout and /signin.js, and knows who is signed in.
// *rpserver.RP is one.
type SignIn interface {
	http.Handler
	User(r *http.Request) (*rpserver.User, bool)
}

// Config is what the shop needs. Fields are required unless they say otherwise.
type Config struct {
	Origins  instrument.Origins
	Hub      *trace.Hub
	SignIn   SignIn
	ClientID string           // by which the identity provider knows the shop; attacks name it
	Client   *http.Client     // reaches the demo's sites; attacks go through it
	Now      func() time.Time // nil is time.Now
}

type site struct {
	origins  instrument.Origins
	now      func() time.Time
	signin   SignIn
	clientID string
	client   *http.Client
	panel    *instrument.Instrument
	assets   *kit.Assets
	received instrument.Capture // the last request that brought an ID token
}

// New makes the site.
func New(c Config) (http.Handler, error) {
	if c.Hub == nil || c.SignIn == nil || c.Client == nil || c.Origins.Shop == "" || c.Origins.IdP == "" || c.ClientID == "" {
		return nil, errors.New("shop: Origins, Hub, SignIn, ClientID and Client are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	panel, err := instrument.New(instrument.Config{Party: look.Shop, Hub: c.Hub, Places: places, Role: role, Home: c.Origins.Home})
	if err != nil {
		return nil, err
	}
	assets, err := kit.NewAssets("/_shop/", files)
	if err != nil {
		return nil, err
	}
	s := &site{
		origins: c.Origins, now: c.Now, signin: c.SignIn, clientID: c.ClientID, client: c.Client,
		panel: panel, assets: assets,
	}
	mux := http.NewServeMux()
	panel.Mount(mux)
	mux.Handle("GET /_shop/", assets)
	mux.Handle("GET /bonafides/", wasm.Assets("/bonafides/"))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.home(w, r, http.StatusOK, nil) })
	mux.HandleFunc("GET /account", s.accountFragment)
	mux.HandleFunc("GET /basket", func(w http.ResponseWriter, r *http.Request) {
		kit.Render(w, r, http.StatusOK, s.basketPage(s.visit(r), look.Outcome{}), s.policy())
	})
	mux.HandleFunc("POST /basket", s.change)
	mux.HandleFunc("POST /order", s.order)
	mux.HandleFunc("GET /privacy", s.text("Privacy", privacyText))
	mux.HandleFunc("GET /terms", s.text("Terms", termsText))
	mux.HandleFunc("POST /attack/other-browser", s.otherBrowser)
	attacks := instrument.Attacks{
		"reuse-nonce": s.reuseNonce, "tamper-token": s.tamperToken, "login-csrf": s.loginCSRF,
		"wrong-origin": s.wrongOrigin, "no-dest": s.noDest,
	}
	mux.HandleFunc("POST /attack/{name}", attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
		s.home(w, r, http.StatusOK, o)
	}))
	mux.HandleFunc("/", s.notFound)

	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.NewProblem(http.StatusForbidden, "cross_origin_request",
			"This request came from another site's page. The basket is filled and ordered from the shop's own pages.").Write(w)
	}))
	root := http.NewServeMux()
	root.Handle("/", same.Handler(mux))
	// The relying party checks itself where a request comes from, and says so in
	// its own words.
	signin := s.received.From(c.SignIn, func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Path == "/signin/fedcm"
	})
	for _, p := range []string{"/signin/", "/signout", "/signin.js"} {
		root.Handle(p, signin)
	}
	return root, nil
}

// redirectStart begins a sign-in by redirect, which works in every browser.
const redirectStart = "/signin/start?return=/"

var places = []instrument.Place{
	{Where: "Network, row \"fedcm\"", What: "The ID token on its way from the page to the shop, and the session cookie on the way back."},
	{Where: "Network, row \"nonce\"", What: "The nonce, and the cookie that binds it to this browser."},
	{Where: "Console", What: "Why a sign-in failed. The page itself is told little, on purpose."},
}

func (s *site) policy() kit.CSP {
	// The browser holds the provider's configuration URL against connect-src.
	return kit.CSP{ConnectSrc: []string{s.origins.IdP}}
}

// A visit is what a page shows of the person in front of it.
type visit struct {
	user     *rpserver.User
	basket   basket
	ordering bool // the page has an order to place, which is what to press there
}

func (s *site) visit(r *http.Request) visit {
	v := visit{basket: basketOf(r)}
	if u, ok := s.signin.User(r); ok {
		v.user = u
	}
	return v
}

func (s *site) home(w http.ResponseWriter, r *http.Request, status int, o instrument.Outcomes) {
	kit.Render(w, r, status, s.homePage(s.visit(r), o), s.policy())
}

func (s *site) accountFragment(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, s.account(s.visit(r)), s.policy())
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	kit.Render(w, r, http.StatusNotFound, s.textPage("Not in stock", []string{"There is no page at this address. The shop's window has everything that we make."}, s.visit(r)), s.policy())
}

func (s *site) text(title string, paragraphs []string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		kit.Render(w, r, http.StatusOK, s.textPage(title, paragraphs, s.visit(r)), s.policy())
	}
}

var privacyText = []string{
	"When you sign in, your identity provider tells us your name, your e-mail address and a number that it uses for you with every site. We keep them to know you again.",
	"The basket is a cookie in your browser. We keep no copy of it.",
	"This shop is part of a demo and runs on your own computer. Nothing leaves it.",
}

var termsText = []string{
	"Nothing here can be bought, nothing is sent, and no money is asked for.",
	"If you break it, it was only drawn.",
}
