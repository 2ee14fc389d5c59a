package home

import (
	"net/http"

	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/look"
	"github.com/bonafides-dev/bonafides/demo/trace"
)

// A walker is this browser on its way through the guide.
type walker struct{ walk, userAgent string }

const walkCookie = "guide"

// walker reads the walk of a browser from its cookie. Without one, everything that
// the browser did since the demo began counts.
func (h *handler) walker(r *http.Request) walker {
	by := walker{userAgent: r.UserAgent()}
	if c, err := r.Cookie(walkCookie); err == nil && h.Guide.Known(c.Value) {
		by.walk = c.Value
	}
	return by
}

// begin begins a walk for this browser.
func (h *handler) begin(w http.ResponseWriter) string {
	walk := h.Guide.Begin()
	http.SetCookie(w, &http.Cookie{Name: walkCookie, Value: walk, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode})
	return walk
}

// again begins the guide anew for this browser.
func (h *handler) again(w http.ResponseWriter, r *http.Request) {
	h.begin(w)
	http.Redirect(w, r, "/#guide", http.StatusSeeOther)
}

// progress is what the guide's section shows.
type progress struct {
	href, label string // of "Guide me"
	started     bool
	steps       []look.Step
}

func (h *handler) progress(by walker) progress {
	steps := h.Guide.Steps(by.walk, by.userAgent)
	current := guide.Current(steps)
	p := progress{started: current > 0, steps: make([]look.Step, len(steps))}
	for i, s := range steps {
		p.steps[i] = look.Step{Title: s.Title, Text: s.Text, Href: h.Guide.Href(s, by.walk), Action: s.Action, Done: s.Done, Current: i == current}
		p.started = p.started || s.Done
	}
	switch current {
	case 0:
		p.href, p.label = p.steps[0].Href, "Guide me"
	case len(steps):
		p.href, p.label = "#learned", "See who learned what"
	default:
		p.href, p.label = p.steps[current].Href, "Go on with step "+count(current+1)
	}
	return p
}

func (p progress) done() (n int) {
	for _, s := range p.steps {
		if s.Done {
			n++
		}
	}
	return n
}

type partyLists struct {
	party               look.Party
	learned, notLearned []look.Item
}

func (l partyLists) words() string {
	out := count(len(l.learned)) + " learned, " + count(len(l.notLearned)) + " could not"
	if l.party == look.Browser {
		return "the browser's side, " + out
	}
	return l.party.Name() + ", " + out
}

func (h *handler) lists() []partyLists {
	var out []partyLists
	for _, s := range append([]Party{{Party: look.Browser}}, h.Parties...) {
		a, b := trace.Learned(h.Hub, s.Party)
		out = append(out, partyLists{s.Party, lookItems(a), lookItems(b)})
	}
	return out
}

func lookItems(items []trace.Item) []look.Item {
	out := make([]look.Item, len(items))
	for i, it := range items {
		out[i] = look.Item(it)
		if n := len(out[i].Values); n > 4 {
			out[i].Values = append(append([]string(nil), out[i].Values[:4]...), "and "+count(n-4)+" more")
		}
		for j, v := range out[i].Values {
			if len(v) > 80 {
				out[i].Values[j] = v[:40] + "…"
			}
		}
	}
	return out
}
