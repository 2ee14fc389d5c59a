package home

import (
	"github.com/bonafides-dev/bonafides/demo/trace"
	"github.com/bonafides-dev/bonafides/internal/look"
)

// steps are the walk through both flows. A step is done when the messages that
// it is about were really seen.
func (h *handler) steps(all []trace.Exchange) []look.Step {
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
	steps := []look.Step{
		{
			Title: "Get tokens", Href: h.origin(look.Issuer) + "/", Action: "Open the library",
			Text: "Sign in at the library as Ada with one click, then get tokens. The library knows Ada, signs blinded points, and cannot recognise the tokens later. (Grace joined two days ago: she gets 7.)",
			Done: seen(func(x trace.Exchange) bool {
				f, _ := x.Find("IssueResponse", "issued")
				return x.Kind == trace.KindIssue && !x.Refused && f.Value != "" && f.Value != "0"
			}),
		},
		{
			Title: "Spend one on another site", Href: h.origin(look.Publisher) + "/", Action: "Open the newspaper",
			Text: "Redeem a token. The newspaper learns that the library vouches for you, and not who you are.",
			Done: ok(trace.KindRedeem, look.Issuer),
		},
		{
			Title: "Let others read the record", Href: h.origin(look.Publisher) + "/", Action: "Back to the newspaper",
			Text: "Send the record to the ad network and watch its answer change. Comments and the poll open too.",
			Done: seen(func(x trace.Exchange) bool {
				_, has := x.Find("Redemption record", "signature")
				return x.Kind == trace.KindRecord && x.To == look.AdNetwork && has && !x.Refused
			}),
		},
		{
			Title: "Try to cheat", Href: h.origin(look.Issuer) + "/#instrument", Action: "Open the library's instrument",
			Text: "Replay a spent token, tamper with a record, vote a hundred times. Each refusal says why.",
			Done: seen(func(x trace.Exchange) bool {
				return x.Refused && x.Status < 500 && !minor(x)
			}),
		},
		{
			Title: "Sign in at an identity provider", Href: h.origin(look.IdP) + "/", Action: "Open the identity provider",
			Text: "One click as Ada or Grace. From now on the browser knows that somebody is signed in there.",
			Done: ok(trace.KindAccountSignIn, look.IdP),
		},
		{
			Title: "Sign in at the shop with FedCM", Href: h.origin(look.Shop) + "/", Action: "Open the shop",
			Text: "The browser shows its own dialog. The provider learns which shop only after you agree.",
			Done: ok(trace.KindSignIn, look.Shop),
		},
	}
	for i := range steps {
		if !steps[i].Done {
			steps[i].Current = true
			break
		}
	}
	return steps
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
