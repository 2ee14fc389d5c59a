// Package idpsite is the identity provider of the demo: Lanternkey. It is the
// kit's provider with the demo's instrument below each page: what its server
// received, what it learned and could not learn, and buttons that try to cheat.
package idpsite

import (
	"context"
	"errors"
	"net/http"

	"github.com/a-h/templ"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/idpserver"
	"github.com/bonafides-dev/bonafides/internal/look"
)

// Config is what the site needs. All fields are required.
type Config struct {
	Origins instrument.Origins
	Hub     *trace.Hub
	// Provider is the configuration of the provider inside. What belongs to the
	// demo's pages (Role, HomeURL, Extra...) is filled in here.
	Provider idpserver.Config
	Client   *http.Client // reaches the demo's sites; attacks go through it
}

// A Site is the provider with its instrument. It is an http.Handler.
type Site struct {
	http.Handler
	Provider *idpserver.Server
}

type site struct {
	origins  instrument.Origins
	client   *http.Client
	panel    *instrument.Instrument
	received instrument.Capture // the last ID assertion request
}

const assertionPath = "/fedcm/assertion"

// role is what the provider says of itself. The second half holds for FedCM
// alone: its own window and a redirect begin at the site, and name it.
const role = "I know who you are. I tell a site only when you say so; with FedCM I do not even learn which site before that."

// New makes the site.
func New(c Config) (*Site, error) {
	if c.Hub == nil || c.Client == nil || c.Origins.IdP == "" {
		return nil, errors.New("idpsite: Origins, Hub and Client are required")
	}
	panel, err := instrument.New(instrument.Config{Party: look.IdP, Hub: c.Hub, Places: places})
	if err != nil {
		return nil, err
	}
	s := &site{origins: c.Origins, client: c.Client, panel: panel}
	c.Provider.Role = role
	c.Provider.HomeURL = c.Origins.Home + "/"
	c.Provider.Extra = func(context.Context, idpserver.Page) templ.Component { return s.instrument(nil) }
	c.Provider.ExtraStyles = []string{panel.Stylesheet()}
	c.Provider.ExtraScripts = []string{panel.Script("panel.js")}
	provider, err := idpserver.New(c.Provider)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	panel.Mount(mux)
	attacks := instrument.Attacks{"foreign-account": s.foreignAccount, "foreign-origin": s.foreignOrigin, "script": s.script, "no-cookie": s.noCookie}
	mux.Handle("POST /attack/{name}", http.NewCrossOriginProtection().Handler(
		attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
			look.Render(w, r, http.StatusOK, s.outcomePage(o))
		})))
	mux.Handle("/", s.received.From(provider, func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Path == assertionPath && r.Header.Get("Sec-Fetch-Dest") == "webidentity"
	}))
	return &Site{mux, provider}, nil
}

func (s *site) props() look.Props {
	return look.Props{
		Party: look.IdP, Title: "Attacks", SiteName: "Lanternkey", HomeURL: s.origins.Home + "/",
		Role:    role,
		Styles:  []string{s.panel.Stylesheet()},
		Scripts: []string{s.panel.Script("panel.js")},
	}
}

var places = []instrument.Place{
	{Where: "Application, Cookies", What: "Two of them: one for these pages (SameSite=Lax), one for FedCM (SameSite=None; Secure), which the server reads only together with Sec-Fetch-Dest: webidentity."},
	{Where: "Network, the answer to signing in, Headers", What: "Set-Login: logged-in. It tells the browser that asking here makes sense."},
	{Where: "Console and Issues, on the shop's page", What: "Why a FedCM call failed. The browser's own requests to this server are in no page's Network list; the list on this panel has them."},
}
