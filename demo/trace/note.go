package trace

import "strconv"

// note is one sentence on what happened in an exchange.
func note(x *Exchange) string {
	if x.Refused {
		code, _ := x.Find("JSON", "code")
		detail, _ := x.Find("JSON", "detail")
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
		return "The browser has no redemption record to send."
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
