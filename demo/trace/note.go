package trace

import "strconv"

// note is one sentence on what happened in an exchange.
func note(x *Exchange) string {
	if x.Refused {
		code, _ := x.Find("JSON", "code")
		detail, _ := x.Find("JSON", "detail")
		if told, ok := x.Find(GroupMessage, "code"); ok {
			return "Refused (" + told.Value + "). The window says so, and tells the page that opened it."
		}
		if detail.Value == "" {
			return "Refused with status " + strconv.Itoa(x.Status) + "."
		}
		return "Refused (" + code.Value + "): " + detail.Value
	}
	switch x.Kind {
	case KindIssue:
		asked, _ := x.Find("IssueRequest", "count")
		issued, _ := x.Find("IssueResponse", "issued")
		if asked.Value == "" {
			return "A token request."
		}
		return asked.Value + " blinded elements asked, " + orZero(issued.Value) + " signed."
	case KindRedeem:
		origin, ok := x.Find("Client data", "redeeming-origin")
		if !ok {
			return "A token redemption."
		}
		return "One token spent for " + origin.Value + "; a redemption record comes back."
	case KindRecord:
		if iss, ok := x.Find("Redemption record claims", "iss"); ok {
			return "The browser sends a redemption record of " + iss.Value + "."
		}
		return "The browser has none to send."
	case KindCommitments:
		return "The issuer's public keys, as browsers take them in."
	case KindRecordKeys:
		return "The keys that check redemption records. Fetched once, then records are checked offline."
	case KindWellKnown:
		return "The browser makes sure that the provider has one configuration for all sites."
	case KindConfig:
		return "Where the provider's endpoints are. No cookie, no origin: the provider does not learn who asks for which site."
	case KindAccounts:
		return "The browser asks who is signed in, with the provider's cookie and without naming the shop."
	case KindMetadata:
		return "The browser asks for the shop's policy links, without the provider's cookie."
	case KindAssertion:
		return "The person agreed. Now the provider learns the shop, and makes an ID token for it."
	case KindDisconnect:
		return "The connection between account and site is cut."
	case KindPageConfig:
		return "The page's script reads where the provider's window is. Unlike the browser's own request it names the page: Origin."
	case KindPopup:
		return popupNote(x)
	case KindPopupAnswer:
		return decisionNote(x)
	case KindRedirect:
		return "The shop sends the browser to the provider, with a state, a nonce and the hash of a secret (PKCE)."
	case KindAuthorize:
		if x.Status/100 == 3 {
			return "The browser brings the shop's request. The provider learns the shop, and lets the person sign in first."
		}
		return "The browser brings the shop's request. The provider learns the shop, and asks the person."
	case KindConsent:
		if do, _ := x.Find("Form", "do"); do.Value == "cancel" {
			return "The person said no. The browser goes back to the shop with that, and without a code."
		}
		return "The person agreed. The browser goes back to the shop with a code that works once."
	case KindCallback:
		if e, ok := x.Find("Query", "error"); ok {
			return "The browser comes back with an error: " + e.Value + "."
		}
		return "The browser comes back with a code. The shop exchanges it and opens a session."
	case KindToken:
		return "The shop's server exchanges the code and its secret (PKCE) for the ID token. The browser never sees this token."
	case KindDiscovery:
		return "The provider's endpoints and keys, for servers."
	case KindKeySet:
		return "The provider's public keys, fetched by a server to check ID tokens."
	case KindNonce:
		return "The shop gives this browser a nonce that works once."
	case KindSignIn:
		sub, ok := x.Find("ID token claims", "sub")
		if !ok {
			return "A sign-in."
		}
		return "The page hands over the ID token; the shop checks it and opens a session for subject " + sub.Value + "."
	case KindAccountSignIn:
		return "A person signs in where the account lives."
	case KindSignOut:
		return "The session ends."
	}
	return ""
}

func orZero(s string) string {
	if s == "" {
		return "0"
	}
	return s
}

// popupNote says what the provider's window shows.
func popupNote(x *Exchange) string {
	if action, _ := x.Find("Query", "action"); action.Value == "disconnect" {
		return "A page of the shop opened the provider's window, to end its connection with an account."
	}
	origin, _ := x.Find("Query", "origin")
	return "A page of " + origin.Value + " opened the provider's window: this browser has no FedCM, or its FedCM gave no answer. The provider learns the shop before the person agreed."
}

// decisionNote says what came of the window.
func decisionNote(x *Exchange) string {
	origin, _ := x.Find(GroupMessage, "origin")
	switch kind, _ := x.Find(GroupMessage, "kind"); kind.Value {
	case "token":
		return "The person agreed. The window hands the ID token to the page of " + origin.Value + ", and to no other."
	case "disconnected":
		return "The person agreed: the connection between account and shop is cut."
	case "closed":
		return "The person said no. The page of " + origin.Value + " is told that and nothing else."
	}
	return "What the person decided in the window."
}
