package news

import (
	"net/http"
	"time"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
)

var siteName = look.Publisher.Brand()

const role = "I print letters and count votes. I want to know that a person sends them, and not which person."

func (s *site) props(title string) look.Props {
	p := s.panel.Props(title)
	p.Description = "The paper of a harbour town. Letters and polls are open to people that Meridian Library vouches for."
	p.Styles = append(p.Styles, s.assets.Path("news.css"))
	p.Scripts = append(p.Scripts, s.panel.Script("path.js"), s.assets.Path("news.js"))
	p.Head, p.Class, p.Bare = instrument.Polyfill(s.origins), "paper", true
	return p
}

func (s *site) front(w http.ResponseWriter, r *http.Request, status int, o instrument.Outcomes) {
	visitorOf(w, r) // so that a first vote and the next one have the same session
	kit.Render(w, r, status, s.frontPage(s.now(), o), s.policy())
}

func (s *site) story(w http.ResponseWriter, r *http.Request) {
	st, ok := storyOf(r.PathValue("slug"))
	if !ok {
		s.notFound(w, r)
		return
	}
	visitorOf(w, r)
	kit.Render(w, r, http.StatusOK, s.storyPage(s.now(), st), s.policy())
}

// adFrame is where the ad network's frame begins: the browser adds the
// redemption record to its navigation.
func (s *site) adFrame() string { return s.origins.Ads + "/frame" }

// sendAttribute is the frame's privateToken attribute, in JSON (Private State
// Token API, "iframe element").
func (s *site) sendAttribute() string {
	return `{"version":1,"operation":"send-redemption-record","issuers":["` + s.origins.Issuer + `"]}`
}

func ago(now, then time.Time) string {
	switch d := now.Sub(then); {
	case d < time.Minute:
		return "just now"
	case d < time.Hour:
		return plural(int(d.Minutes()), "minute") + " ago"
	case d < 24*time.Hour:
		return plural(int(d.Hours()), "hour") + " ago"
	}
	return then.Format("2 January")
}

// recordFragment shows the record of the request, as this server reads it.
func (s *site) recordFragment(w http.ResponseWriter, r *http.Request) {
	v, p := s.vouched(r)
	if p != nil {
		p.Write(w)
		return
	}
	kit.Render(w, r, http.StatusOK, claims(v))
}
