package trace

import (
	"net/url"
	"slices"
	"strings"

	"github.com/bonafides-dev/bonafides/demo/look"
)

// A run is what happened, seen from above: the values of all parties, from
// which each party's two lists are made.
type run struct {
	// issuance and redemption
	issued, issuerAccounts     []string
	blinded, evaluated, proofs []string
	tokenNonces, tokenWs       []string // of all redemptions, refused ones too
	spent                      []string // nonces of those that were taken
	tokenKeys, redeemedOn      []string
	records, recordIDs         []string
	recordsAt, recordIssuers   map[look.Party][]string
	recordHours, recordOrigins map[look.Party][]string
	plainAds                   int
	byKeeper                   bool // a token was redeemed by the polyfill's keeper
	written, votes             []string
	// sign-in
	accountsAsked                                     int
	accountIDs, idpEmails, idpNames, idpSignIns       []string
	shops, metadataFor, assertedFor, assertedAccounts []string
	askedBefore                                       []string // the shops that the provider learned of before anybody agreed
	idTokenIssuers, idTokenSubjects, idTokenPeople    []string
	// all
	agents map[look.Party][]string
}

func gather(all []Exchange) *run {
	r := &run{
		recordsAt: map[look.Party][]string{}, recordIssuers: map[look.Party][]string{},
		recordHours: map[look.Party][]string{}, recordOrigins: map[look.Party][]string{},
		agents: map[look.Party][]string{},
	}
	for i := range all {
		r.take(&all[i])
	}
	for _, list := range []*[]string{&r.issuerAccounts, &r.tokenKeys, &r.redeemedOn, &r.accountIDs, &r.idpEmails, &r.idpNames,
		&r.idpSignIns, &r.shops, &r.metadataFor, &r.assertedFor, &r.assertedAccounts, &r.askedBefore, &r.idTokenIssuers, &r.idTokenSubjects, &r.idTokenPeople, &r.records, &r.recordIDs, &r.spent, &r.written, &r.votes} {
		*list = compact(*list)
	}
	return r
}

func (r *run) take(x *Exchange) {
	get := func(group, name string) string {
		f, _ := x.Find(group, name)
		if f.Secret {
			return ""
		}
		return f.Value
	}
	if x.From == look.Browser && !x.Attack {
		for _, seen := range []string{get("Connection", "remote address"), get("Headers", "User-Agent")} {
			if seen != "" && !slices.Contains(r.agents[x.To], seen) && len(r.agents[x.To]) < 4 {
				r.agents[x.To] = append(r.agents[x.To], seen)
			}
		}
	}
	// What a site's server said it found, whatever the message.
	if x.To == look.Issuer {
		r.issuerAccounts = append(r.issuerAccounts, get(GroupFacts, "account"))
	}
	switch x.Kind {
	case KindIssue:
		if n := get("IssueResponse", "issued"); n != "" && !x.Refused {
			r.issued = append(r.issued, n+" of "+get("IssueRequest", "count")+" at "+x.At.UTC().Format("15:04:05 UTC"))
		}
		for _, f := range x.Request {
			if strings.HasPrefix(f.Name, "blinded element") {
				r.blinded = append(r.blinded, f.Value)
			}
		}
		for _, f := range x.Response {
			switch {
			case strings.HasPrefix(f.Name, "evaluated element"):
				r.evaluated = append(r.evaluated, f.Value)
			case strings.HasPrefix(f.Name, "proof "):
				r.proofs = append(r.proofs, f.Value)
			}
		}
	case KindRedeem:
		if u, err := url.Parse(x.URL); err == nil && strings.HasSuffix(u.Path, "/polyfill/redeem") && !x.Attack {
			r.byKeeper = true
		}
		r.tokenNonces = append(r.tokenNonces, get("Token", "nonce"))
		r.tokenWs = append(r.tokenWs, get("Token", "W"))
		if !x.Refused {
			r.spent = append(r.spent, get("Token", "nonce"))
		}
		r.tokenKeys = append(r.tokenKeys, get("Token", "key id"))
		r.redeemedOn = append(r.redeemedOn, get("Client data", "redeeming-origin"))
		r.records = append(r.records, get("Redemption record", "signature"))
	case KindRecord:
		sig := get("Redemption record", "signature")
		if sig == "" {
			break
		}
		r.records = append(r.records, sig)
		if x.Attack || x.Refused {
			break // tampered or replayed: nothing that the server learned
		}
		add := func(to map[look.Party][]string, v string) {
			to[x.To] = compact(append(to[x.To], v))
		}
		add(r.recordsAt, sig)
		add(r.recordIssuers, get("Redemption record claims", "iss"))
		add(r.recordOrigins, get("Redemption record claims", "origin"))
		add(r.recordHours, get("Redemption record claims", "iat")+", key "+get("Redemption record claims", "key"))
		r.recordIDs = append(r.recordIDs, get("Redemption record claims", "jti"))
	case KindAccounts:
		r.accountsAsked++
		for _, f := range x.Response {
			switch {
			case !strings.HasPrefix(f.Name, "accounts["):
			case strings.HasSuffix(f.Name, "].id"):
				r.accountIDs = append(r.accountIDs, f.Value)
			case strings.HasSuffix(f.Name, "].email"):
				r.idpEmails = append(r.idpEmails, f.Value)
			case strings.HasSuffix(f.Name, "].name"):
				r.idpNames = append(r.idpNames, f.Value)
			}
		}
	case KindMetadata, KindAssertion:
		if x.Attack {
			break
		}
		if x.Kind == KindAssertion {
			r.assertedFor = append(r.assertedFor, get("Form", "client_id"))
			r.assertedAccounts = append(r.assertedAccounts, get("Form", "account_id"))
			r.shop(get("Form", "client_id"), get("Headers", "Origin"))
			break
		}
		r.metadataFor = append(r.metadataFor, get("Query", "client_id"))
		r.shop(get("Query", "client_id"), get("Headers", "Origin"))
	case KindPageConfig, KindPopup, KindAuthorize:
		if !x.Attack {
			r.askedBefore = append(r.askedBefore, get("Query", "client_id"), get("Headers", "Origin"), get("Query", "origin"))
		}
	case KindPopupAnswer, KindConsent:
		if !x.Attack && !x.Refused && get("Form", "do") == "continue" {
			r.assertedFor = append(r.assertedFor, get("Form", "client_id"))
			r.assertedAccounts = append(r.assertedAccounts, get("Form", "account"))
			r.shop(get("Form", "client_id"), get("Form", "origin"))
		}
	case KindSignIn, KindToken:
		if x.Refused {
			break
		}
		r.idTokenIssuers = append(r.idTokenIssuers, get("ID token claims", "iss"))
		r.idTokenSubjects = append(r.idTokenSubjects, get("ID token claims", "sub"))
		for _, claim := range []string{"name", "email", "picture"} {
			r.idTokenPeople = append(r.idTokenPeople, get("ID token claims", claim))
		}
	case KindAccountSignIn:
		if x.To == look.IdP && !x.Refused {
			r.idpSignIns = append(r.idpSignIns, get("Form", "email"), get("Form", "account"))
		}
	}
	if x.To == look.AdNetwork && !x.Attack && x.From == look.Browser {
		if _, empty := x.Find(headerRecord, "no record"); empty {
			r.plainAds++
		}
	}
	if x.To == look.Publisher && !x.Attack {
		if vote := get("Form", "option"); vote != "" && !x.Refused {
			r.votes = append(r.votes, vote)
		}
		for _, f := range x.Request {
			if f.Group == "Form" && (f.Name == "comment" || f.Name == "text" || f.Name == "body") && len(f.Value) >= 4 {
				r.written = append(r.written, f.Value)
			}
		}
	}
}

func (r *run) shop(clientID, origin string) {
	r.shops = append(r.shops, clientID, origin)
	if u, err := url.Parse(origin); err == nil {
		r.shops = append(r.shops, u.Host)
	}
}

// people are the names and addresses that some party of this run knows.
func (r *run) people() []string {
	return compact(slices.Concat(r.idpEmails, r.idpNames, r.shopPeople()))
}

// shopPeople are those who signed in at the shop.
func (r *run) shopPeople() []string {
	return compact(slices.Concat(r.idTokenSubjects, r.idTokenPeople))
}

// GroupFacts is the group of fields by which a server says what it concluded
// itself, by [Annotate]: "account", "reason".
const GroupFacts = "What the server found"
