// Package ads is the ad network of the demo: Lanternfish. Its server reads the
// redemption record that a browser sends with a frame or a fetch, and shows a
// visitor for whom an issuer vouches another ad than everybody else.
//
// It is a third party on the publisher's page: it sets no cookie, and a record
// tells it that a person is there, not which one.
package ads

import (
	"embed"
	"errors"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/rpserver/record"
)

//go:embed assets
var files embed.FS

// A Checker judges the redemption record of a request. *record.Checker is one.
type Checker interface {
	Check(r *http.Request) record.Result
}

// Config is what the network needs. Fields are required unless they say
// otherwise.
type Config struct {
	Origins    instrument.Origins
	Hub        *trace.Hub
	Records    Checker
	Publishers []string         // origins that may show ads; nil is the demo's newspaper alone
	Client     *http.Client     // reaches the demo's sites; attacks go through it
	Now        func() time.Time // nil is time.Now
}

type site struct {
	origins    instrument.Origins
	records    Checker
	publishers []string
	client     *http.Client
	panel      *instrument.Instrument
	assets     *kit.Assets
	received   instrument.Capture // the last request that carried a record
	vouched    atomic.Int64       // ads served
	plain      atomic.Int64
}

// New makes the site.
func New(c Config) (http.Handler, error) {
	if c.Hub == nil || c.Records == nil || c.Client == nil || c.Origins.Ads == "" || c.Origins.News == "" {
		return nil, errors.New("ads: Origins, Hub, Records and Client are required")
	}
	if c.Publishers == nil {
		c.Publishers = []string{c.Origins.News}
	}
	panel, err := instrument.New(instrument.Config{Party: look.AdNetwork, Hub: c.Hub, Places: places, Role: role, Home: c.Origins.Home})
	if err != nil {
		return nil, err
	}
	assets, err := kit.NewAssets("/_ads/", files)
	if err != nil {
		return nil, err
	}
	s := &site{
		origins: c.Origins, records: c.Records, publishers: slices.Clone(c.Publishers), client: c.Client,
		panel: panel, assets: assets,
	}
	mux := http.NewServeMux()
	panel.Mount(mux)
	mux.Handle("GET /_ads/", assets)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.home(w, r, http.StatusOK, nil) })
	mux.HandleFunc("GET /frame", s.frame)
	cors, err := record.CORS{Origins: append(slices.Clone(c.Publishers), c.Origins.Ads), Methods: []string{http.MethodGet}}.Middleware(http.HandlerFunc(s.ad))
	if err != nil {
		return nil, err
	}
	mux.Handle("/ad", cors)
	attacks := instrument.Attacks{"tamper-record": s.tamper, "other-site": s.otherSite, "forge-record": s.forge}
	mux.HandleFunc("POST /attack/{name}", attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
		s.home(w, r, http.StatusOK, o)
	}))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
			p.Write(w)
			return
		}
		kit.Render(w, r, http.StatusNotFound, s.missingPage())
	})
	same := http.NewCrossOriginProtection()
	return s.received.From(same.Handler(mux), func(r *http.Request) bool {
		return r.Header.Get(record.HeaderNative)+r.Header.Get(record.HeaderPolyfill) != ""
	}), nil
}

var places = []instrument.Place{
	{Where: "Network, row \"frame\" (filter: Doc)", What: "The frame's navigation with the header Sec-Redemption-Record, and no cookie."},
	{Where: "Network, row \"ad\" (filter: Fetch/XHR)", What: "The same record sent by fetch. Its Origin is the newspaper's."},
	{Where: "Application, Cookies", What: "Nothing: this network sets none."},
}

// A served ad: which one, and why.
type served struct {
	ad
	vouched *record.Vouched
	refused *record.Refused
}

// choose is all the business logic of this network: the record decides.
func (s *site) choose(r *http.Request) served {
	switch result := s.records.Check(r).(type) {
	case record.Vouched:
		s.vouched.Add(1)
		trace.Annotate(r.Context(), trace.Field{Group: trace.GroupFacts, Name: "visitor", Value: "vouched for by " + result.Issuer,
			Encoding: "text", Help: "What the check of the redemption record said."})
		return served{ad: vouchedAd, vouched: &result}
	case record.Refused:
		s.plain.Add(1)
		trace.Annotate(r.Context(), trace.Field{Group: trace.GroupFacts, Name: "visitor", Value: "not vouched for: " + result.Code,
			Encoding: "text", Help: result.Detail})
		return served{ad: plainAd, refused: &result}
	}
	s.plain.Add(1)
	return served{ad: plainAd, refused: &record.Refused{Code: "unreadable", Detail: "The record could not be judged."}}
}

// reason is the sentence beside the ad.
func (s served) reason() string {
	if s.vouched != nil {
		return "Your browser sent a redemption record: " + s.vouched.Issuer + " vouched for a person on " + s.vouched.Origin +
			" in the hour from " + s.vouched.At.UTC().Format("15:04") + " UTC. We do not know who you are."
	}
	return s.refused.Detail
}

type ad struct {
	kind, headline, text, call string
}

var (
	vouchedAd = ad{"vouched", "The Harbour Philharmonic: a winter of strings", "Twelve evenings in the old customs house. First-night seats from 9.", "See the programme"}
	plainAd   = ad{"plain", "This space is for rent", "Your notice here, seen by everyone and everything.", "Ask for prices"}
)
