// Package news is the publisher of the demo: The Tidewater Post, a newspaper
// whose letters page and poll are open to people that Meridian Library vouches
// for.
//
// The paper's page redeems a token at the library and gets a redemption record;
// the browser sends the record with a letter or a vote, and the paper's own
// server reads it. A record says that a person was here some hours ago. It does
// not say how often it was used, so the paper limits what a record opens by its
// own means: per session and per address prefix.
package news

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
	"github.com/bonafides-dev/bonafides/rpserver/record"
	"github.com/bonafides-dev/bonafides/wasm/returnpage"
)

//go:embed assets
var files embed.FS

// A Checker judges the redemption record of a request. *record.Checker is one.
type Checker interface {
	Check(r *http.Request) record.Result
}

// Config is what the paper needs. All fields but Now are required.
type Config struct {
	Origins instrument.Origins
	Hub     *trace.Hub
	Records Checker
	Client  *http.Client     // reaches the demo's sites; attacks go through it
	Now     func() time.Time // nil is time.Now
}

type site struct {
	origins  instrument.Origins
	now      func() time.Time
	client   *http.Client
	records  Checker
	panel    *instrument.Instrument
	assets   *kit.Assets
	poll     *poll
	letters  *letters
	received instrument.Capture // the last request that carried a record
}

// New makes the site.
func New(c Config) (http.Handler, error) {
	if c.Hub == nil || c.Records == nil || c.Client == nil || c.Origins.News == "" || c.Origins.Issuer == "" || c.Origins.Ads == "" {
		return nil, errors.New("news: Origins, Hub, Records and Client are required")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	panel, err := instrument.New(instrument.Config{Party: look.Publisher, Hub: c.Hub, Places: places, Role: role, Home: c.Origins.Home})
	if err != nil {
		return nil, err
	}
	assets, err := kit.NewAssets("/_news/", files)
	if err != nil {
		return nil, err
	}
	s := &site{
		origins: c.Origins, now: c.Now, client: c.Client, records: c.Records, panel: panel, assets: assets,
		poll: newPoll(), letters: newLetters(c.Now()),
	}
	mux := http.NewServeMux()
	panel.Mount(mux)
	mux.Handle("GET /_news/", assets)
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.front(w, r, http.StatusOK, nil) })
	mux.HandleFunc("GET /story/{slug}", s.story)
	mux.Handle(returnpage.Path, returnpage.Handler())
	mux.HandleFunc("GET /poll", s.pollFragment)
	mux.HandleFunc("GET /letters", s.lettersFragment)
	mux.HandleFunc("GET /record", s.recordFragment)
	mux.HandleFunc("POST /vote", s.vote)
	mux.HandleFunc("POST /comments", s.comment)
	attacks := instrument.Attacks{"tamper-record": s.tamper, "vote-100": vote100}
	mux.HandleFunc("POST /attack/{name}", attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
		s.front(w, r, http.StatusOK, o)
	}))
	mux.HandleFunc("/", s.notFound)

	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.NewProblem(http.StatusForbidden, "cross_origin_request",
			"This request came from another site's page. Letters and votes are sent from the paper's own pages.").Write(w)
	}))
	return s.received.From(same.Handler(mux), func(r *http.Request) bool {
		return r.Method == http.MethodPost && r.Header.Get(record.HeaderNative)+r.Header.Get(record.HeaderPolyfill) != ""
	}), nil
}

var places = []instrument.Place{
	{Where: "Application, Private state tokens", What: "How many tokens of the library this browser holds. Redeeming takes one away."},
	{Where: "Network, row \"redeem\", tab Private state tokens", What: "The operation and its result, told by the browser itself."},
	{Where: "Network, rows \"vote\", \"comments\", \"frame\" and \"ad\"", What: "The request header Sec-Redemption-Record. No script of this page can read it or set it."},
}

// vouched judges the record that came with a request. A nil problem means that
// somebody was vouched for.
func (s *site) vouched(r *http.Request) (record.Vouched, *web.Problem) {
	switch result := s.records.Check(r).(type) {
	case record.Vouched:
		trace.Annotate(r.Context(), trace.Field{Group: trace.GroupFacts, Name: "record", Value: "good, of " + result.Issuer, Encoding: "text",
			Help: "What the check of the redemption record said."})
		return result, nil
	case record.Refused:
		detail := result.Detail
		if result.Code == record.CodeNoRecord {
			detail = "No redemption record came with this request, so nobody vouches for the sender. Press \"Use one token\" and send it again; tokens are had at Meridian Library."
		}
		return record.Vouched{}, web.NewProblem(http.StatusForbidden, result.Code, detail)
	}
	return record.Vouched{}, web.NewProblem(http.StatusForbidden, "record_unreadable", "The redemption record could not be judged.")
}

func refused(p *web.Problem) look.Outcome {
	return look.Outcome{State: kit.Refused, Title: p.Detail, Evidence: []look.Evidence{{Name: "code", Value: p.Code}}}
}

// refuse answers with problem details to a script, and to a form with the page
// that has the refusal at the place of this name.
func (s *site) refuse(w http.ResponseWriter, r *http.Request, p *web.Problem, name string) {
	if wantsJSON(r) {
		p.Write(w)
		return
	}
	s.front(w, r, p.Status, instrument.Outcomes{name: refused(p)})
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
			p.Write(w)
			return
		}
	}
	kit.Render(w, r, http.StatusNotFound, s.missingPage())
}

func (s *site) policy() kit.CSP {
	return kit.CSP{
		ConnectSrc: []string{s.origins.Issuer, s.origins.Ads},
		FrameSrc:   []string{s.origins.Ads, s.origins.Keeper},
	}
}
