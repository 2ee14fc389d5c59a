// Package home is the demo's own page: what to try, whether this browser can,
// and the live sequence chart of every message between the parties. It sees
// all parties, which no real site does; it is for development only.
package home

import (
	"embed"
	"io/fs"
	"net/http"

	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// Config is what the page needs. All fields are required unless they say
// otherwise.
type Config struct {
	Hub     *trace.Hub
	Mailbox *Mailbox
	Guide   *guide.Guide
	// Origin is where this page is served; Parties are the other sites.
	Origin  string
	Parties []Party
	// Keeper keeps tokens for browsers that do not; it is on the browser's side.
	// It may be empty.
	Keeper string
	// HostsLine is the line for the hosts file of a machine whose browser does
	// not resolve *.localhost.
	HostsLine string
	// ChromeCommand starts a browser that knows the issuer's keys. It may be
	// empty.
	ChromeCommand string
	// Started is true when the demo itself started such a browser.
	Started bool
}

// A Party is a site of the demo.
type Party struct {
	Party  look.Party
	Origin string
}

//go:embed static
var static embed.FS

type handler struct {
	Config
	assets *kit.Assets
}

const assetPrefix = "/_home/"

// New makes the page's handler.
func New(c Config) (http.Handler, error) {
	files, err := fs.Sub(static, "static")
	if err != nil {
		return nil, err
	}
	assets, err := kit.NewAssets(assetPrefix, files)
	if err != nil {
		return nil, err
	}
	h := &handler{c, assets}
	mux := http.NewServeMux()
	look.Mount(mux)
	mux.Handle(assetPrefix, assets)
	mux.HandleFunc("GET /{$}", h.front)
	mux.Handle("GET /events", c.Hub.Events("", renderRow))
	mux.HandleFunc("GET /exchange/{seq}", h.exchange)
	mux.HandleFunc("GET /guide", h.guide)
	mux.HandleFunc("POST /guide/again", h.again)
	mux.HandleFunc("GET /learned", h.learned)
	mux.HandleFunc("GET /run.html", h.saved)
	mux.HandleFunc("GET /mailbox", h.mailbox)
	mux.HandleFunc("POST /clear", h.clear)
	return http.NewCrossOriginProtection().Handler(mux), nil
}

func (h *handler) origin(p look.Party) string {
	for _, s := range h.Parties {
		if s.Party == p {
			return s.Origin
		}
	}
	return h.Origin
}

func (h *handler) props(title string) look.Props {
	return look.Props{
		Party: look.Home, Title: title, SiteName: "Bonafides demo",
		Description: "Private State Tokens and FedCM between six parties on one machine, with every message decoded.",
		Nav: []kit.Link{
			{Href: "/#guide", Label: "What to try"},
			{Href: "/#chart", Label: "Chart"},
			{Href: "/#learned", Label: "Who learned what"},
			{Href: "/mailbox", Label: "Mailbox", Current: title == "Mailbox"},
		},
		Styles:  []string{h.assets.Path("home.css")},
		Scripts: []string{h.assets.Path("home.js")},
	}
}

func (h *handler) policy() kit.CSP {
	var c kit.CSP
	for _, p := range h.Parties {
		c.ConnectSrc = append(c.ConnectSrc, p.Origin) // the probes
	}
	if h.Keeper != "" {
		c.ConnectSrc = append(c.ConnectSrc, h.Keeper)
	}
	return c
}

func (h *handler) front(w http.ResponseWriter, r *http.Request) {
	by := h.walker(r)
	if by.walk == "" { // its first visit
		by.walk = h.begin(w)
	}
	kit.Render(w, r, http.StatusOK, h.page(h.Hub.All(), by), h.policy())
}

func (h *handler) mailbox(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, h.mailPage(h.Mailbox.Mails()), h.policy())
}

// guide and learned are the two parts that change while a run goes on.
func (h *handler) guide(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, h.walk(h.progress(h.walker(r))))
}

func (h *handler) learned(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, h.whoLearned())
}

func (h *handler) clear(w http.ResponseWriter, r *http.Request) {
	h.Hub.Reset()
	http.Redirect(w, r, "/#chart", http.StatusSeeOther)
}
