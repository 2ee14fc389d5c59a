package issuersite

import (
	"net/http"
	"sort"
	"strconv"

	"github.com/bonafides-dev/bonafides/demo/instrument"
	"github.com/bonafides-dev/bonafides/demo/look"
	kit "github.com/bonafides-dev/bonafides/internal/look"
	"github.com/bonafides-dev/bonafides/issuer"
)

const role = "I know my members. I want other sites to believe that they are people, without telling them who, or learning where they go."

func (s *site) props(title string) look.Props {
	p := s.panel.Props(title)
	p.Description = "The public library of a harbour town. It lends books, and vouches for its members on other sites."
	p.Styles = append(p.Styles, s.assets.Path("library.css"))
	p.Scripts = append(p.Scripts, s.panel.Script("path.js"), s.assets.Path("library.js"))
	p.Nav = []kit.Link{
		{Href: "/", Label: "Library", Current: true}, {Href: "/#new", Label: "New books"},
		{Href: "/#visit", Label: "Visit"}, {Href: "/#account", Label: "My card"},
	}
	p.Head, p.Class = instrument.Polyfill(s.origins), "library"
	return p
}

func (s *site) home(w http.ResponseWriter, r *http.Request, status int, o instrument.Outcomes) {
	var who *member
	if m, ok := s.members.of(r); ok {
		who = &m
	}
	kit.Render(w, r, status, s.homePage(who, s.redeemed(r), o))
}

func (s *site) redemptionsFragment(w http.ResponseWriter, r *http.Request) {
	kit.Render(w, r, http.StatusOK, redemptions(s.redeemed(r)))
}

// ledgerDays is how far back the table of redemptions goes.
const ledgerDays = 7

type redeemed struct {
	rows  []issuer.OriginCount // newest day first, then by origin
	error bool
}

// redeemed reads the account of redemptions: per origin and day, and nothing
// finer, because nothing finer is kept.
func (s *site) redeemed(r *http.Request) redeemed {
	rows, err := s.ledger.Counts(r.Context(), issuer.DayOf(s.now())-ledgerDays+1)
	if err != nil {
		return redeemed{error: true}
	}
	sort.Slice(rows, func(i, j int) bool {
		if rows[i].Day != rows[j].Day {
			return rows[i].Day > rows[j].Day
		}
		return rows[i].Origin < rows[j].Origin
	})
	return redeemed{rows: rows}
}

func (s *site) grant(m *member) int {
	if s.now().Sub(m.since) >= fullAge {
		return fullGrant
	}
	return smallGrant
}

func (s *site) memberFor(m *member) string {
	years := int(s.now().Sub(m.since).Hours() / 24 / 365.25)
	switch {
	case years > 1:
		return "for " + strconv.Itoa(years) + " years"
	case years == 1:
		return "for a year"
	}
	return "since " + m.since.Format("2 January")
}
