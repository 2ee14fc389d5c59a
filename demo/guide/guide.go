// Package guide walks a newcomer through both flows in six steps. A step is
// done when the messages that it is about were really seen, from this browser and
// since it began. The home page lists the steps; on the sites a strip on top of the page says what to press now and
// where to go next.
package guide

import (
	"embed"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

//go:embed assets
var files embed.FS

// Prefix is where [Guide] answers, on every site.
const Prefix = "/_guide/"

// Fragment, at the end of a site's address, starts the guide there; a walk may
// follow with an equals sign before it.
const Fragment = "#guide"

// A Step is one of the six.
type Step struct {
	Title  string
	Text   string
	Site   look.Party
	URL    string   // of the site's page, without the fragment
	Action string   // what the link to URL says
	Press  []string // what to press: data-do or data-attack; the first that is on the page is marked
	Done   bool
}

// Origins are the sites that the steps lead to.
type Origins struct{ Home, Issuer, News, IdP, Shop string }

// Steps returns the six steps of a run.
func Steps(all []trace.Exchange, o Origins) []Step {
	seen := func(want func(trace.Exchange) bool) bool {
		for _, x := range all {
			if want(x) {
				return true
			}
		}
		return false
	}
	ok := func(kind string, to look.Party) bool {
		return seen(func(x trace.Exchange) bool { return x.Kind == kind && x.To == to && !x.Refused })
	}
	return []Step{
		{
			Title: "Get tokens", Site: look.Issuer, URL: o.Issuer + "/", Action: "Open the library",
			Text:  "Sign in at the library as Ada with one click, then press \"Get tokens\". The library knows Ada, signs blinded points, and cannot recognise the tokens later. (Grace joined two days ago: she gets 7.)",
			Press: []string{"signin-ada", "get-tokens"},
			Done: seen(func(x trace.Exchange) bool {
				f, _ := x.Find("IssueResponse", "issued")
				return x.Kind == trace.KindIssue && !x.Refused && f.Value != "" && f.Value != "0"
			}),
		},
		{
			Title: "Spend one on another site", Site: look.Publisher, URL: o.News + "/", Action: "Open the newspaper",
			Text:  "Press \"Use one token\". The newspaper learns that the library vouches for you, and not who you are.",
			Press: []string{"redeem"},
			Done:  ok(trace.KindRedeem, look.Issuer),
		},
		{
			Title: "Let others read the record", Site: look.Publisher, URL: o.News + "/", Action: "Back to the newspaper",
			Text:  "In the panel at the bottom, press \"Ask the ad network by fetch\" to read what its server says about your redemption record. The advertisement has changed already: its frame's request carried the record. The letters and the poll are open to you too.",
			Press: []string{"send-record"},
			Done: seen(func(x trace.Exchange) bool {
				_, has := x.Find("Redemption record", "signature")
				// These the pages ask for by themselves after a redemption.
				itself := strings.HasSuffix(x.URL, "/frame") || strings.HasSuffix(x.URL, "/record")
				return x.Kind == trace.KindRecord && has && !itself && !x.Refused && !x.Attack
			}),
		},
		{
			Title: "Try to cheat", Site: look.Issuer, URL: o.Issuer + "/", Action: "Back to the library",
			Text:  "In the panel at the bottom, press \"Spend a token twice\". Every site has such buttons, and each refusal says why.",
			Press: []string{"replay-token"},
			Done: seen(func(x trace.Exchange) bool {
				return x.Refused && x.Status < 500 && x.Kind != trace.KindPage && x.Kind != trace.KindAsset &&
					(x.Kind != trace.KindAction || x.Method == http.MethodPost)
			}),
		},
		{
			Title: "Sign in at an identity provider", Site: look.IdP, URL: o.IdP + "/signin", Action: "Open the identity provider",
			Text:  "One click as Ada or Grace. From now on the browser knows that somebody is signed in there.",
			Press: []string{"signin-ada"},
			Done:  ok(trace.KindAccountSignIn, look.IdP),
		},
		{
			Title: "Sign in at the shop with FedCM", Site: look.Shop, URL: o.Shop + "/", Action: "Open the shop",
			Text:  "Press \"Sign in\". The browser shows its own dialog, and the provider learns which shop only after you agree. A browser without FedCM opens the provider's window, which learns it before.",
			Press: []string{"signin"},
			Done: seen(func(x trace.Exchange) bool {
				return (x.Kind == trace.KindSignIn || x.Kind == trace.KindCallback) && x.To == look.Shop && !x.Refused && !x.Attack
			}),
		},
	}
}

// Current returns the index of the first step that is not done, or len(steps).
func Current(steps []Step) int {
	for i, s := range steps {
		if !s.Done {
			return i
		}
	}
	return len(steps)
}

// A Guide answers below [Prefix] on every site: the strip, the events that tell
// its script to read it again, the script and its style.
type Guide struct {
	http.Handler
	hub     *trace.Hub
	origins Origins
	run     string
}

// New makes a Guide.
func New(hub *trace.Hub, o Origins) (*Guide, error) {
	assets, err := kit.NewAssets(Prefix, files)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	g := &Guide{mux, hub, o, newRun()}
	mux.Handle(Prefix, assets)
	mux.Handle("GET "+Prefix+"events", hub.Events("", func(x trace.Exchange, w io.Writer) error {
		if x.Kind == trace.KindPage || x.Kind == trace.KindAsset {
			return errMinor
		}
		_, err := io.WriteString(w, x.Kind)
		return err
	}))
	mux.HandleFunc("GET "+Prefix+"strip", func(w http.ResponseWriter, r *http.Request) {
		walk := r.URL.Query().Get("walk")
		steps := g.Steps(walk, r.UserAgent())
		kit.Render(w, r, http.StatusOK, g.strip(steps, Current(steps), here(r), walk))
	})
	return g, nil
}

// here is the host that a request came to.
func here(r *http.Request) string {
	u, err := url.Parse("//" + r.Host)
	if err != nil {
		return ""
	}
	return u.Host
}

func at(step Step, host string) bool {
	u, err := url.Parse(step.URL)
	return err == nil && u.Host == host
}
