// Package idpsite is the identity provider of the demo: Lanternkey. It is the
// kit's provider with the demo's instrument below each page: what its server
// received, what it learned and could not learn, and buttons that try to cheat.
package idpsite

import (
	"context"
	"errors"
	"net/http"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/quick"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/idpserver"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

// Config is what the site needs. Fields without another word are required.
type Config struct {
	Origins instrument.Origins
	Hub     *trace.Hub
	// Provider is the configuration of the provider inside. What belongs to the
	// demo's pages (Pages) is filled in here.
	Provider idpserver.Config
	Quick    []quick.SignIn // people with a button each; may be empty
	Client   *http.Client   // reaches the demo's sites; attacks go through it
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
	quick    []quick.SignIn
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
	panel, err := instrument.New(instrument.Config{Party: look.IdP, Hub: c.Hub, Places: places, Role: role, Home: c.Origins.Home})
	if err != nil {
		return nil, err
	}
	s := &site{origins: c.Origins, client: c.Client, panel: panel, quick: c.Quick}
	c.Provider.Pages = s.parts
	provider, err := idpserver.New(c.Provider)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	panel.Mount(mux)
	attacks := instrument.Attacks{"foreign-account": s.foreignAccount, "foreign-origin": s.foreignOrigin, "script": s.script, "no-cookie": s.noCookie}
	mux.Handle("POST /attack/{name}", http.NewCrossOriginProtection().Handler(
		attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
			kit.Render(w, r, http.StatusOK, s.outcomePage(o))
		})))
	mux.Handle("/", s.received.From(provider, func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.URL.Path == assertionPath && r.Header.Get("Sec-Fetch-Dest") == "webidentity"
	}))
	return &Site{mux, provider}, nil
}

// parts are the role and the instrument, where this provider's mail is, and the
// buttons of people who are there from the start. Neither role nor instrument has a
// place in a window in which another site waits.
func (s *site) parts(_ context.Context, at idpserver.PageAt) (p idpserver.PageParts) {
	if !at.Waiting {
		p.Top, p.Bottom = look.Role(s.panel.Props("")), s.instrument(nil)
	}
	if at.Page == idpserver.PageVerifyEmail {
		p.Bottom = s.mail(at.Waiting)
	}
	if at.Page == idpserver.PageSignIn && len(s.quick) > 0 {
		p.Form = quick.Buttons(s.quick, at.Next)
	}
	if p.Bottom != nil {
		p.Styles = []string{look.Stylesheet(), s.panel.Stylesheet()}
		p.Scripts = []string{look.Script("look.js"), s.panel.Script("panel.js")}
	}
	return p
}

var places = []instrument.Place{
	{Where: "Application, Cookies", What: "Three of them: one for these pages (SameSite=Lax), one for FedCM (SameSite=None; Secure), which the server reads only together with Sec-Fetch-Dest: webidentity, and one that opens nothing: it keeps somebody who guesses your password elsewhere from making you wait."},
	{Where: "Network, the answer to signing in, Headers", What: "Set-Login: logged-in. It tells the browser that asking here makes sense."},
	{Where: "Console and Issues, on the shop's page", What: "Why a FedCM call failed. The browser's own requests to this server are in no page's Network list; the list on this panel has them."},
}
