package trace

import (
	"strings"

	"github.com/bonafides-dev/bonafides/internal/inspect"
)

var idTokenHelp = map[string]string{
	"alg":            "The signature algorithm, judged against the provider's key.",
	"kid":            "Which of the provider's keys signed.",
	"iss":            "The provider that made the token.",
	"sub":            "The provider's name for this account. The shop knows its user by issuer and subject, never by e-mail.",
	"aud":            "The client the token is for. A shop refuses tokens made for others.",
	"azp":            "The client that asked for the token.",
	"exp":            "Until when the token may be taken.",
	"iat":            "When the token was made.",
	"nonce":          "The shop's own random value, bound to this browser and used once: a token cannot be replayed or injected.",
	"email":          "The address on the account.",
	"email_verified": "Whether the provider has seen that the person reads mail at this address.",
	"name":           "The name on the account.",
	"picture":        "Where the account's picture is.",
}

// compactJWS shows a compact JWS field by field. It decodes for the eye and
// judges nothing: the servers have done that with protocol/jws.
func compactJWS(group, token string, help map[string]string) ([]Field, bool) {
	s, err := inspect.JWS(token, maxBody)
	if err != nil || s.HeaderError != nil || s.ClaimsError != nil {
		return nil, false
	}
	var out []Field
	for _, f := range append(append(s.Header, s.Claims...), s.Signature) {
		switch f.Group {
		case inspect.Signature:
			f.Group = group
			signature := field(f)
			signature.Help = "Over header and claims. Anyone with the published keys can check it."
			out = append(out, signature)
			continue
		case inspect.Header:
			f.Group = group + " header"
		default:
			f.Group = group + " claims"
		}
		if secretMember(f.Name[strings.LastIndexByte(f.Name, '.')+1:]) {
			out = append(out, heldBack(f.Group, f.Name, 0, "Only the receiver may read it."))
			continue
		}
		shown := field(f)
		shown.Help = help[f.Name]
		out = append(out, shown)
	}
	return out, true
}
