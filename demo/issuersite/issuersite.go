// Package issuersite is the token issuer of the demo: Meridian Library, a site
// that knows its members. It wraps the issuer, tells it who is asking from the
// library's own session, and lets members get tokens with which other sites can
// see that the library vouches for them.
package issuersite

import (
	"context"
	"embed"
	"errors"
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
	"github.com/bonafides-dev/bonafides/issuer"
)

//go:embed assets
var files embed.FS

// A Ledger tells how many tokens were redeemed, per origin and day. The SQLite
// store of spent tokens is one.
type Ledger interface {
	Counts(ctx context.Context, since issuer.Day) ([]issuer.OriginCount, error)
}

// Config is what the library needs. Fields are required unless they say
// otherwise.
type Config struct {
	Origins instrument.Origins
	Hub     *trace.Hub
	// Issuer is the configuration of the issuer inside. Its Facts come from the
	// library's sessions and must be nil; a nil Policy is the library's own.
	Issuer issuer.Config
	Ledger Ledger
	Client *http.Client     // reaches the demo's sites; attacks go through it
	Now    func() time.Time // nil is time.Now
}

// A Site is the library. It is an http.Handler.
type Site struct {
	http.Handler
	issuer *issuer.Issuer
}

// Commitment returns the issuer's key commitments, as a browser takes them in.
func (s *Site) Commitment() []byte { return s.issuer.Commitment() }

type site struct {
	origins  instrument.Origins
	now      func() time.Time
	members  *members
	ledger   Ledger
	client   *http.Client
	panel    *instrument.Instrument
	assets   *kit.Assets
	received instrument.Capture // the last redemption
}

// The library's policy: how long somebody has been a member decides how many
// tokens they get at a time.
const (
	fullGrant  = 30
	smallGrant = 7
	fullAge    = 365 * 24 * time.Hour
)

// Policy is the library's policy: 30 tokens at a time for members of a year or
// more, 7 for new ones, none for strangers.
func Policy() (issuer.Policy, error) {
	return issuer.NewAccountAge(
		issuer.AgeStep{MinAge: fullAge, Tokens: fullGrant},
		issuer.AgeStep{MinAge: 0, Tokens: smallGrant})
}

// New makes the site.
func New(c Config) (*Site, error) {
	switch {
	case c.Hub == nil || c.Ledger == nil || c.Client == nil || c.Origins.Issuer == "":
		return nil, errors.New("issuersite: Origins, Hub, Ledger and Client are required")
	case c.Issuer.Facts != nil:
		return nil, errors.New("issuersite: Issuer.Facts must be nil: they come from the library's sessions")
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Issuer.Policy == nil {
		p, err := Policy()
		if err != nil {
			return nil, err
		}
		c.Issuer.Policy = p
	}
	panel, err := instrument.New(instrument.Config{Party: look.Issuer, Hub: c.Hub, Places: places, Role: role, Home: c.Origins.Home})
	if err != nil {
		return nil, err
	}
	assets, err := kit.NewAssets("/_library/", files)
	if err != nil {
		return nil, err
	}
	s := &site{
		origins: c.Origins, now: c.Now, ledger: c.Ledger, client: c.Client,
		panel: panel, assets: assets, members: newMembers(c.Now),
	}
	c.Issuer.Facts = s.facts
	iss, err := issuer.New(c.Issuer)
	if err != nil {
		return nil, err
	}

	pages := http.NewServeMux()
	panel.Mount(pages)
	pages.Handle("GET /_library/", assets)
	pages.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { s.home(w, r, http.StatusOK, nil) })
	pages.HandleFunc("POST /signin", s.signIn)
	pages.HandleFunc("POST /signout", s.signOut)
	pages.HandleFunc("GET /redemptions", s.redemptionsFragment)
	attacks := instrument.Attacks{"replay-token": s.replay, "tamper-token": s.tamper}
	pages.HandleFunc("POST /attack/{name}", attacks.Handler(func(w http.ResponseWriter, r *http.Request, o instrument.Outcomes) {
		s.home(w, r, http.StatusOK, o)
	}))
	pages.HandleFunc("/", s.notFound)
	same := http.NewCrossOriginProtection()
	same.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		web.NewProblem(http.StatusForbidden, "cross_origin_request",
			"This request came from another site's page. Members sign in and out from the library's own pages.").Write(w)
	}))

	mux := http.NewServeMux()
	// Redemptions come from other sites' pages, and the issuer decides itself
	// who may ask for what: its paths stand outside the protection of the pages.
	redemptions := s.received.From(iss, isRedemption)
	for _, p := range issuer.Paths() {
		mux.Handle(p, redemptions)
	}
	mux.Handle("/", same.Handler(pages))
	return &Site{mux, iss}, nil
}

var places = []instrument.Place{
	{Where: "Application, Private state tokens", What: "How many tokens of this issuer the browser holds. No page can read the number, or the tokens."},
	{Where: "Network, row \"issue\", tab Private state tokens", What: "The operation, and how many tokens the browser made of the answer."},
	{Where: "Network, row \"issue\", Headers", What: "Sec-Private-State-Token: the blinded elements on the way out, the signed ones on the way back."},
}

// facts tells the issuer who is asking for tokens. It is called for issuance
// only: a redemption is never looked at together with a session.
func (s *site) facts(r *http.Request) (issuer.Facts, error) {
	m, ok := s.members.of(r)
	if !ok {
		trace.Annotate(r.Context(), trace.Field{Group: trace.GroupFacts, Name: "account", Value: "", Encoding: "text", Help: "Nobody is signed in."})
		return issuer.Facts{}, nil
	}
	trace.Annotate(r.Context(),
		trace.Field{Group: trace.GroupFacts, Name: "account", Value: m.card, Encoding: "text", Help: "The account that the library's session belongs to."},
		trace.Field{Group: trace.GroupFacts, Name: "member since", Value: m.since.Format(time.DateOnly), Encoding: "text", Help: "What the policy goes by."})
	return issuer.Facts{SignedIn: true, Account: m.card, AccountCreated: m.since}, nil
}

func (s *site) notFound(w http.ResponseWriter, r *http.Request) {
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	kit.Render(w, r, http.StatusNotFound, s.missingPage())
}
