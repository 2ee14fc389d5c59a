package trace

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// An Item is one thing that a party learned in this run, or could not learn.
type Item struct {
	What   string   // "the account that asked"
	Why    string   // by which message, or what keeps it away
	Values []string // the values of this run

	// For what a party could not learn: how many messages that its server
	// received were searched for Values, and in how many one was found after
	// all. Found is 0 unless something is wrong, and then the page must say so.
	// Searched is 0 where there is nothing to search for yet.
	Searched, Found int
}

// Learned says what party learned in this run, from the messages that its
// server received, and what it could not learn. The second list is not only
// claimed: the values of this run, known because this program sees all
// parties, are searched in the captured bytes each time.
func Learned(h *Hub, party look.Party) (learned, notLearned []Item) {
	r := gather(h.All())
	switch party {
	case look.Issuer:
		return r.issuerLearned(), r.issuerCouldNot(h)
	case look.Publisher:
		return r.newsLearned(), r.newsCouldNot(h)
	case look.AdNetwork:
		return r.adsLearned(), r.adsCouldNot(h)
	case look.IdP:
		return r.idpLearned(), r.idpCouldNot(h)
	case look.Shop:
		return r.shopLearned(), r.shopCouldNot(h)
	case look.Browser:
		return r.browserLearned(), r.browserCouldNot()
	}
	return nil, nil
}

// searched fills in what a search of messages for the item's values found, and
// for headers that must not have come.
func searched(it Item, messages [][]byte, noHeaders ...string) Item {
	it.Values = compact(it.Values)
	needles := slices.Clone(it.Values)
	for _, name := range noHeaders {
		needles = append(needles, "\r\n"+name+": ")
	}
	if len(needles) > 0 {
		it.Searched, it.Found = len(messages), Search(messages, needles)
	}
	return it
}

func (r *run) issuerLearned() []Item {
	var out []Item
	if n := len(r.issued); n > 0 {
		out = append(out,
			Item{What: "who asked for tokens", Why: "The issuer's own cookie came with the token request: that is how it decides who gets some.", Values: r.issuerAccounts},
			Item{What: "how many tokens it signed, and when", Why: "From " + count(n, "token request", "token requests") + ".", Values: r.issued})
	}
	if n := len(r.spent); n > 0 {
		out = append(out,
			Item{What: "that " + count(n, "token was", "tokens were") + " spent, and when", Why: "The token in the redemption: good, and not seen before.", Values: short(r.spent)},
			Item{What: "on which site", Why: "The browser says so in the client data, and in Origin.", Values: r.redeemedOn},
			Item{What: "under which key", Why: "The key id. Everybody served under this key shares it.", Values: r.tokenKeys},
			Item{What: "that it is one of those who got tokens under that key", Values: r.issuerAccounts,
				Why: "In this run that is " + count(len(r.issuerAccounts), "account, and a crowd of one hides nobody", "accounts, a small crowd") + ". On the web it is everybody for whom the issuer vouches."})
	}
	return append(out, r.everyServer(look.Issuer)...)
}

func (r *run) issuerCouldNot(h *Hub) []Item {
	redemptions := h.RawKind(look.Issuer, KindRedeem)
	why := "The redemption comes without the issuer's cookie, and the token was blinded when it was signed."
	if r.byKeeper {
		why += " The keeper has the issuer's keys from its own server, the same for everybody, as a browser with tokens of its own has them from its maker: " +
			"no key says whose token it is. The address and the time of the redemption the issuer does see, and where a browser shares TLS sessions or HSTS between sites, whether it is the same browser."
	}
	return []Item{
		searched(Item{What: "whose token was redeemed", Values: r.issuerAccounts, Why: why}, redemptions, "Cookie"),
		searched(Item{What: "at which issuance that token was signed",
			Values: slices.Concat(r.blinded, r.evaluated, r.proofs),
			Why:    "Nothing of an issuance comes back: not the blinded elements, not the signed ones, not the proof."}, redemptions),
		searched(Item{What: "the nonces and tokens, when it signed them",
			Values: slices.Concat(r.tokenNonces, r.tokenWs),
			Why:    "The issuer signs blinded points; it sees a nonce for the first time when the token is spent."}, h.RawKind(look.Issuer, KindIssue)),
		searched(Item{What: "what the person wrote on that site", Values: r.written,
			Why: "That goes to the site alone."}, h.Raw(look.Issuer)),
		searched(Item{What: "who signed in at the shop", Values: r.shopPeople(),
			Why: "Another flow, between other parties."}, h.Raw(look.Issuer)),
	}
}

func (r *run) newsLearned() []Item {
	var out []Item
	if len(r.recordsAt[look.Publisher]) > 0 {
		out = append(out,
			Item{What: "that an issuer vouches: a person it knows was here", Why: "A redemption record whose signature it checked.", Values: r.recordIssuers[look.Publisher]},
			Item{What: "in which hour, and under which key", Why: "The record's time is rounded down to the hour.", Values: r.recordHours[look.Publisher]})
	}
	if len(r.written)+len(r.votes) > 0 {
		out = append(out, Item{What: "what was written and voted here", Why: "The person sent it.", Values: slices.Concat(r.written, r.votes)})
	}
	return append(out, r.everyServer(look.Publisher)...)
}

func (r *run) newsCouldNot(h *Hub) []Item {
	raw := h.Raw(look.Publisher)
	return []Item{
		searched(Item{What: "the account at the issuer", Values: r.issuerAccounts,
			Why: "The record names the issuer, not the person."}, raw),
		searched(Item{What: "name and e-mail address", Values: r.people(),
			Why: "Nobody told this site. It got a record, not an identity."}, raw),
		searched(Item{What: "the token", Values: slices.Concat(r.tokenNonces, r.tokenWs),
			Why: "The browser keeps tokens and sends them to the issuer alone; the page sees only that it worked."}, raw),
		searched(Item{What: "anything of the issuance", Values: slices.Concat(r.blinded, r.evaluated, r.proofs),
			Why: "That was between browser and issuer."}, raw),
	}
}

func (r *run) adsLearned() []Item {
	var out []Item
	if len(r.recordsAt[look.AdNetwork]) > 0 {
		out = append(out,
			Item{What: "that an issuer vouches: a person it knows was on that site", Why: "The redemption record that the browser sent along.", Values: r.recordIssuers[look.AdNetwork]},
			Item{What: "on which site", Why: "The record names the redeeming origin, and Origin or Referer must agree.", Values: r.recordOrigins[look.AdNetwork]},
			Item{What: "in which hour, and under which key", Why: "All records of one site, hour and key are the same bytes (unless the issuer runs in single mode, where each has a number of its own).", Values: r.recordHours[look.AdNetwork]})
	}
	if n := r.plainAds; n > 0 {
		out = append(out, Item{What: count(n, "visit", "visits") + " for which nobody vouches", Why: "The request carried no record."})
	}
	return append(out, r.everyServer(look.AdNetwork)...)
}

func (r *run) adsCouldNot(h *Hub) []Item {
	raw := h.Raw(look.AdNetwork)
	out := []Item{
		searched(Item{What: "the account at the issuer", Values: r.issuerAccounts,
			Why: "The record names the issuer, not the person."}, raw),
		searched(Item{What: "name and e-mail address", Values: r.people(),
			Why: "Neither the browser nor the publisher sends them."}, raw),
		searched(Item{What: "which redemption the record came from", Values: slices.Concat(r.tokenNonces, r.tokenWs),
			Why: "The token stays between browser and issuer, and the record's time is cut to the hour."}, raw),
		searched(Item{What: "what was written on the site", Values: r.written,
			Why: "That goes to the publisher alone."}, raw),
	}
	if len(r.recordIDs) == 0 && len(r.recordsAt[look.AdNetwork]) > 0 {
		out = append(out, Item{What: "whether two records are one person's",
			Why: "Records of one site, hour and key are equal byte for byte. (Cookies and addresses can still tell browsers apart; the record adds nothing to them.)"})
	}
	return out
}

func (r *run) idpLearned() []Item {
	var out []Item
	if len(r.idpSignIns) > 0 {
		out = append(out, Item{What: "who signed in here", Why: "The sign-in page.", Values: r.idpSignIns})
	}
	if r.accountsAsked > 0 {
		out = append(out, Item{What: "that a browser asked for its accounts " + count(r.accountsAsked, "time", "times"), Why: "The accounts request, with this provider's cookie."})
	}
	if len(r.metadataFor) > 0 {
		out = append(out, Item{What: "that somebody is looking at the sign-in dialog of a shop", Values: r.metadataFor,
			Why: "The client metadata request names the shop, without a cookie. A provider that wanted could compare times and addresses with the accounts request: the protocol does not prevent that."})
	}
	if len(r.askedBefore) > 0 {
		out = append(out, Item{What: "before consent: which shop asks", Values: r.askedBefore,
			Why: "The polyfill's window and the redirect name the shop when they open. The browser's own FedCM does not."})
	}
	if len(r.assertedFor) > 0 {
		out = append(out, Item{What: "after consent: which account at which shop", Why: "The ID assertion request, or the decision in the provider's window or page.", Values: slices.Concat(r.assertedFor, r.assertedAccounts)})
	}
	return append(out, r.everyServer(look.IdP)...)
}

func (r *run) idpCouldNot(h *Hub) []Item {
	accounts := h.RawKind(look.IdP, KindAccounts)
	return []Item{
		searched(Item{What: "for which shop, when the browser asked for the accounts", Values: r.shops,
			Why: "The accounts request has no client id, no Origin and no Referer."}, accounts, "Origin", "Referer"),
		searched(Item{What: "which shop or page, when the browser's FedCM read the configuration", Values: r.shops,
			Why: "Well-known file and configuration are fetched without cookie, Origin and Referer."},
			slices.Concat(h.RawKind(look.IdP, KindWellKnown), h.RawKind(look.IdP, KindConfig)), "Origin", "Referer", "Cookie"),
		searched(Item{What: "who was looking, when the shop's policy links were fetched", Values: slices.Concat(r.accountIDs, r.idpEmails),
			Why: "The client metadata request names the shop, and comes without a cookie."}, h.RawKind(look.IdP, KindMetadata), "Cookie"),
		searched(Item{What: "anything about tokens", Values: slices.Concat(r.tokenNonces, r.blinded, r.records),
			Why: "Another flow, between other parties."}, h.Raw(look.IdP)),
		searched(Item{What: "what the person wrote elsewhere", Values: r.written,
			Why: "That goes to the site alone."}, h.Raw(look.IdP)),
	}
}

func (r *run) shopLearned() []Item {
	var out []Item
	if len(r.idTokenSubjects) > 0 {
		out = append(out, Item{What: "who signed in: issuer and subject, name, e-mail address", Why: "The ID token, made for this shop after the person agreed.",
			Values: slices.Concat(r.idTokenIssuers, r.idTokenSubjects, r.idTokenPeople)})
	}
	return append(out, r.everyServer(look.Shop)...)
}

func (r *run) shopCouldNot(h *Hub) []Item {
	raw := h.Raw(look.Shop)
	return []Item{
		{What: "the password", Why: "It was typed at the provider. The shop gets a signed statement."},
		searched(Item{What: "the person's other accounts at the provider", Values: except(slices.Concat(r.accountIDs, r.idpEmails), slices.Concat(r.idTokenSubjects, r.idTokenPeople)),
			Why: "The list of accounts goes to the browser alone; the shop gets the one that was chosen, after consent."}, raw),
		searched(Item{What: "the account at the token issuer", Values: r.issuerAccounts,
			Why: "Another flow, between other parties."}, raw),
		searched(Item{What: "tokens and redemption records", Values: slices.Concat(r.tokenNonces, r.tokenWs, r.records),
			Why: "Nobody sends them here."}, raw),
	}
}

func (r *run) browserLearned() []Item {
	return []Item{
		{What: "everything below", Why: "The browser is the person's own agent: it keeps tokens and records, and it alone knows which site asked which party.",
			Values: []string{count(len(r.spent), "token spent", "tokens spent")}},
	}
}

func (r *run) browserCouldNot() []Item {
	return []Item{
		{What: "the issuer's and the provider's secret keys", Why: "It can check what they signed, and sign nothing itself."},
		{What: "the tokens, for the page's JavaScript", Why: "A browser shows pages only whether there are some. Where the keeper has them its own scripts can read them, and no other site's."},
	}
}

// everyServer is what any web server learns from any browser.
func (r *run) everyServer(p look.Party) []Item {
	if len(r.agents[p]) == 0 {
		return nil
	}
	return []Item{{What: "the network address and the browser's name", Why: "Every request carries them; neither tokens nor FedCM hide them.", Values: r.agents[p]}}
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

// compact drops empty values and repetitions, keeping the order.
func compact(values []string) []string {
	var out []string
	for _, v := range values {
		if v != "" && !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}

func except(values, drop []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return slices.Contains(drop, v) })
}

// short cuts long hexadecimal values for lists that people read.
func short(values []string) []string {
	var out []string
	for _, v := range values {
		if len(v) > 16 && !strings.ContainsRune(v, ' ') {
			v = v[:16] + "…"
		}
		out = append(out, v)
	}
	return out
}
