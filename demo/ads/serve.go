package ads

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/internal/web"
)

// frame is the ad as a document for a publisher's frame.
func (s *site) frame(w http.ResponseWriter, r *http.Request) {
	ad := s.choose(r)
	kit.Render(w, r, http.StatusOK, s.framePage(ad), kit.CSP{FrameAncestors: s.publishers})
}

// ad is the ad as JSON, for a publisher's script. Only the publishers' origins
// may read it; no cookie is asked for or sent. A record that the browser adds
// makes no preflight; one that a script adds does, which the middleware around
// this answers.
func (s *site) ad(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if origin != "" && !slices.Contains(s.publishers, origin) && origin != s.origins.Ads {
		web.NewProblem(http.StatusForbidden, "publisher_unknown", "This network serves ads to the publishers that it has a contract with, and this origin is none of them.").Write(w)
		return
	}
	if p := web.CheckMethod(w, r, http.MethodGet); p != nil {
		p.Write(w)
		return
	}
	b, err := json.Marshal(answerOf(s.choose(r)))
	if err != nil { // strings and numbers
		http.Error(w, "The ad could not be written.", http.StatusInternalServerError)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(append(b, '\n'))
}

type answer struct {
	Ad       string            `json:"ad"`
	Headline string            `json:"headline"`
	Reason   string            `json:"reason"`
	Code     string            `json:"code,omitempty"` // why the record was not taken
	Record   map[string]string `json:"record,omitempty"`
}

func answerOf(s served) answer {
	a := answer{Ad: s.kind, Headline: s.headline, Reason: s.reason()}
	if s.refused != nil {
		a.Code = s.refused.Code
		return a
	}
	v := s.vouched
	a.Record = map[string]string{
		"issuer": v.Issuer, "redeemed on": v.Origin, "hour": v.At.UTC().Format("2006-01-02 15:04 UTC"),
		"good until": v.Expiry.UTC().Format("2006-01-02 15:04 UTC"), "token key": strconv.FormatUint(uint64(v.KeyID), 10), "via": v.Via,
	}
	return a
}

func (s *site) home(w http.ResponseWriter, r *http.Request, status int, o instrument.Outcomes) {
	kit.Render(w, r, status, s.homePage(o), kit.CSP{FrameSrc: []string{"'self'"}, FrameAncestors: nil})
}
