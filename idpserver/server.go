package idpserver

import (
	"context"
	"embed"
	"errors"
	"io/fs"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/idpserver/fedcm"
	"github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

const assetPrefix = "/_idp/"

//go:embed assets
var assetFiles embed.FS

var assets = loadAssets()

func loadAssets() *look.Assets {
	files, err := fs.Sub(assetFiles, "assets")
	if err != nil {
		panic("idpserver: " + err.Error()) // the folder is compiled in
	}
	a, err := look.NewAssets(assetPrefix, files)
	if err != nil {
		panic("idpserver: " + err.Error())
	}
	return a
}

// Server is an identity provider for one origin. It is safe for concurrent use.
type Server struct {
	config    Config
	domains   map[string]bool
	hasher    *hasher
	limits    limits
	sessions  sessions
	fedcm     *fedcm.Handler
	handler   http.Handler
	discovery document
	jwks      document
	swept     atomic.Int64 // Unix seconds of the last sweep
}

// New makes a Server. It writes nothing to the store.
func New(c Config) (*Server, error) {
	c, err := c.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, domains: make(map[string]bool), limits: newLimits()}
	for _, d := range c.Domains {
		s.domains[d] = true
	}
	if s.hasher, err = newHasher(defaultArgon); err != nil {
		return nil, err
	}
	s.sessions = newSessions(c, func(w http.ResponseWriter, r *http.Request, err error) {
		s.answerError(w, r, err)
	})
	if s.fedcm, err = s.newFedCM(); err != nil {
		return nil, err
	}
	if err := s.buildDocuments(); err != nil {
		return nil, err
	}
	s.handler = s.routes()
	return s, nil
}

// ServeHTTP answers every request to the issuer's origin.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// ConfigURL is the configURL that relying parties name in
// navigator.credentials.get().
func (s *Server) ConfigURL() string { return s.fedcm.ConfigURL() }

// page is a handler of a page; what it returns is shown as a page.
type page func(http.ResponseWriter, *http.Request) error

func (s *Server) routes() http.Handler {
	pages := http.NewServeMux()
	for path, p := range map[string]page{
		"/{$}":           s.serveHome,
		"/signup":        s.serveSignUp,
		"/signin":        s.serveSignIn,
		"/signout":       s.serveSignOut,
		"/account":       s.serveAccount,
		"/verify-email":  s.serveVerifyEmail,
		"/error":         s.serveError,
		consentPath:      s.serveConsent,
		popupPath:        s.servePopup,
		popupConsentPath: s.servePopupConsent,
		"/":              notFound,
	} {
		pages.HandleFunc(path, s.servePage(p))
	}
	// Forms of other sites are refused by what the browser says of their origin
	// (Sec-Fetch-Site, else Origin); that the page cookie is Lax and does not come
	// with them is the second line.
	var csrf http.CrossOriginProtection
	csrf.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.answerError(w, r, web.NewProblem(http.StatusForbidden, "cross_origin",
			"This form was sent by another site. Nothing was done."))
	}))

	mux := http.NewServeMux()
	mux.Handle("/", s.sessions.page.LoadAndSave(csrf.Handler(pages)))
	mux.Handle(look.Prefix, look.Handler())
	mux.Handle(assetPrefix, assets)
	// A client's own page may post its request here, and nothing is decided.
	mux.Handle(authorizePath, s.sessions.page.LoadAndSave(s.servePage(s.serveAuthorize)))
	mux.HandleFunc(tokenPath, s.serveToken)
	mux.HandleFunc("/picture/{file}", servePicture)
	mux.HandleFunc("/.well-known/openid-configuration", s.discovery.serve)
	mux.HandleFunc("/jwks.json", s.jwks.serve)
	// The FedCM endpoints answer the browser, not its pages: they have cookies
	// and checks of their own, and POST from other origins by design.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.fedcm.Handles(r.URL.Path) {
			s.fedcm.ServeHTTP(w, r)
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// servePage shows what a page returns, and keeps it out of caches.
func (s *Server) servePage(p page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		// Nothing to other sites. Not no-referrer, with which browsers send
		// "Origin: null" with our own forms too.
		h.Set("Referrer-Policy", "same-origin")
		if err := p(w, r); err != nil {
			s.answerError(w, r, err)
		}
	}
}

func notFound(http.ResponseWriter, *http.Request) error {
	return web.NewProblem(http.StatusNotFound, "not_found", "There is no such page here.")
}

// answerError shows a refusal as a page. What is not a refusal is a fault of
// ours: it is logged, and people are told to come back.
func (s *Server) answerError(w http.ResponseWriter, r *http.Request, err error) {
	var p *web.Problem
	if !errors.As(err, &p) {
		s.config.Log.ErrorContext(r.Context(), "page failed", "path", r.URL.Path, "error", err.Error())
		p = web.NewProblem(http.StatusServiceUnavailable, fedcm.CodeUnavailable,
			"We could not answer just now. Nothing was done; try again in a moment.")
	} else {
		s.config.Log.InfoContext(r.Context(), "request refused", "path", r.URL.Path, "code", p.Code, "status", p.Status)
	}
	look.Render(w, r, p.Status, errorPage(s.view(r.Context(), PageError, "Not possible"), explanation{
		code: p.Code, title: titleOf(p), text: p.Detail,
	}))
}

// sweep forgets what has expired, at most every ten minutes.
func (s *Server) sweep(ctx context.Context) {
	now := s.config.Now()
	last := s.swept.Load()
	if now.Unix()-last < 600 || !s.swept.CompareAndSwap(last, now.Unix()) {
		return
	}
	// Sessions go by the system clock; with an injected clock neither may be cut
	// short.
	if system := time.Now(); system.Before(now) {
		now = system
	}
	if err := s.config.Store.Sweep(ctx, now); err != nil {
		s.config.Log.ErrorContext(ctx, "sweep failed", "error", err.Error())
	}
}
