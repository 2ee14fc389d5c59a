package home

import (
	"github.com/bonafides-dev/bonafides/demo/guide"
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/look"
)

// steps lists the guide's steps.
func (h *handler) steps(all []trace.Exchange) []look.Step {
	steps := guide.Steps(all, h.guideOrigins())
	current := guide.Current(steps)
	out := make([]look.Step, len(steps))
	for i, s := range steps {
		out[i] = look.Step{Title: s.Title, Text: s.Text, Href: s.URL + guide.Fragment, Action: s.Action, Done: s.Done, Current: i == current}
	}
	return out
}

// begin is where "Guide me" leads, and what it says.
func (h *handler) begin(all []trace.Exchange) (href, label string) {
	steps := guide.Steps(all, h.guideOrigins())
	switch current := guide.Current(steps); current {
	case 0:
		return steps[0].URL + guide.Fragment, "Guide me"
	case len(steps):
		return "#learned", "See who learned what"
	default:
		return steps[current].URL + guide.Fragment, "Go on with step " + count(current+1)
	}
}

func (h *handler) guideOrigins() guide.Origins {
	return guide.Origins{Home: h.Origin, Issuer: h.origin(look.Issuer), News: h.origin(look.Publisher), IdP: h.origin(look.IdP), Shop: h.origin(look.Shop)}
}

type partyLists struct {
	party               look.Party
	learned, notLearned []look.Item
}

func (l partyLists) words() string {
	out := count(len(l.learned)) + " learned, " + count(len(l.notLearned)) + " could not"
	if l.party != look.Browser {
		out = l.party.Name() + ", " + out
	}
	return out
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
