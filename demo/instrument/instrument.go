// Package instrument is the panel that every site of the demo carries below its
// own pages: what its server received, decoded, live; what it learned and what
// it could not learn; buttons that try to cheat; and where to look in the
// browser's DevTools.
//
// The sites are real sites first. All that they share as parts of a demo is
// here, so that their own packages read like a site's.
package instrument

import (
	"context"
	"embed"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

//go:embed assets/*.js assets/*.css
var files embed.FS

// Prefix is where an instrument's own paths lie on its site.
const Prefix = "/_instrument/"

// shown is how many exchanges a page lists.
const shown = 12

// Origins are the sites of the demo as browsers write them, without a slash at
// the end.
type Origins struct {
	Home, Issuer, News, Ads, IdP, Shop, Keeper string
}

// A Place is where to look in the browser: "Network, then the row redeem".
type Place struct {
	Where, What string
}

// Config says whose panel it is.
type Config struct {
	Party  look.Party
	Hub    *trace.Hub
	Places []Place
	Role   string // one sentence: who this party is and what it wants
	Home   string // origin of the page with the chart
}

// An Instrument draws one party's panel and streams what is new to it.
type Instrument struct {
	party  look.Party
	hub    *trace.Hub
	places []Place
	role   string
	home   string
	assets *kit.Assets
}

// New makes an Instrument.
func New(c Config) (*Instrument, error) {
	if c.Party == "" || c.Hub == nil {
		return nil, errors.New("instrument: Party and Hub are required")
	}
	a, err := kit.NewAssets(Prefix, files)
	if err != nil {
		return nil, err
	}
	return &Instrument{party: c.Party, hub: c.Hub, places: c.Places, role: c.Role, home: c.Home, assets: a}, nil
}

// Mount adds the instrument's paths and the shared stylesheet to a site's mux.
func (i *Instrument) Mount(mux *http.ServeMux) {
	look.Mount(mux)
	mux.Handle("GET "+Prefix, i.assets)
	events := i.hub.Events(i.party, func(x trace.Exchange, w io.Writer) error {
		if !worthShowing(&x) {
			return errMinor
		}
		return exchangeRow(x, i.party).Render(context.Background(), w)
	})
	mux.Handle("GET "+Prefix+"events", events)
	mux.HandleFunc("GET "+Prefix+"exchange/{seq}", i.exchange)
	mux.HandleFunc("GET "+Prefix+"learned", func(w http.ResponseWriter, r *http.Request) {
		trace.Skip(r.Context())
		// Everything that was received is searched for these lists, so they are
		// made when somebody looks and not with every page of the site.
		if r.URL.Query().Has("fragment") {
			kit.Render(w, r, http.StatusOK, look.Learned(i.learned()))
			return
		}
		kit.Render(w, r, http.StatusOK, i.learnedPage())
	})
}

// exchange shows one exchange decoded: as a fragment for the panel's script, as
// a page for everybody else. Of other parties' exchanges it knows nothing.
func (i *Instrument) exchange(w http.ResponseWriter, r *http.Request) {
	trace.Skip(r.Context())
	fragment := r.URL.Query().Has("fragment")
	seq, err := strconv.ParseInt(r.PathValue("seq"), 10, 64)
	all := i.hub.Exchanges(i.party)
	n := slices.IndexFunc(all, func(x trace.Exchange) bool { return x.Seq == seq })
	switch {
	case (err != nil || n < 0) && fragment:
		kit.Render(w, r, http.StatusNotFound, gone())
	case err != nil || n < 0:
		kit.Render(w, r, http.StatusNotFound, i.gonePage())
	case fragment:
		kit.Render(w, r, http.StatusOK, decoded(all[n], i.party))
	default:
		kit.Render(w, r, http.StatusOK, i.decodedPage(all[n]))
	}
}

// Script returns the URL path of one of the modules that the sites share:
// "panel.js", which every page with a panel needs, or "tokens.js", the page's
// part of Private State Tokens with explanations of what a browser refuses.
func (i *Instrument) Script(name string) string { return i.assets.Path(name) }

// Props is what every page of the site has: its party, its name, the line on top,
// and what the panel needs. The site adds what is its own.
func (i *Instrument) Props(title string) look.Props {
	p := look.Props{
		Party: i.party, Title: title, SiteName: i.party.Brand(), Role: i.role,
		Styles: []string{i.Stylesheet()}, Scripts: []string{i.Script("panel.js")},
	}
	if i.home != "" {
		p.HomeURL = i.home + "/"
	}
	return p
}

// Stylesheet returns the URL path of the panel's sheet.
func (i *Instrument) Stylesheet() string { return i.assets.Path("instrument.css") }

func (i *Instrument) learned() (learned, notLearned []look.Item) {
	a, b := trace.Learned(i.hub, i.party)
	return items(a), items(b)
}

func items(list []trace.Item) []look.Item {
	out := make([]look.Item, len(list))
	for n, it := range list {
		out[n] = look.Item(it)
	}
	return out
}

func fields(list []trace.Field) []look.Field {
	out := make([]look.Field, len(list))
	for n, f := range list {
		out[n] = look.Field(f)
	}
	return out
}

var errMinor = errors.New("instrument: not shown")

// worthShowing leaves out pages and their files: they are no part of a flow.
func worthShowing(x *trace.Exchange) bool {
	return x.Kind != trace.KindPage && x.Kind != trace.KindAsset
}

// recent returns the newest exchanges that are shown, newest first, and the
// number of the last one that happened.
func (i *Instrument) recent() (list []trace.Exchange, last int64) {
	all := i.hub.Exchanges(i.party)
	for n := len(all) - 1; n >= 0; n-- {
		last = max(last, all[n].Seq)
		if worthShowing(&all[n]) && len(list) < shown {
			list = append(list, all[n])
		}
	}
	return list, last
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

func itoa(n int) string { return strconv.Itoa(n) }
