package trace

import (
	"encoding/base64"
	"encoding/hex"
	"strconv"
	"strings"
)

var headerSpec = map[string]string{
	"alg": "RFC 7515 section 4.1.1", "kid": "RFC 7515 section 4.1.4", "typ": "RFC 7515 section 4.1.9",
}

var claimSpec = map[string]string{
	"iss": "RFC 7519 section 4.1.1", "sub": "RFC 7519 section 4.1.2", "aud": "RFC 7519 section 4.1.3",
	"exp": "RFC 7519 section 4.1.4", "nbf": "RFC 7519 section 4.1.5", "iat": "RFC 7519 section 4.1.6", "jti": "RFC 7519 section 4.1.7",
	"nonce": "OpenID Connect Core section 2", "azp": "OpenID Connect Core section 2", "auth_time": "OpenID Connect Core section 2",
	"at_hash": "OpenID Connect Core section 3.1.3.6",
	"name":    "OpenID Connect Core section 5.1", "given_name": "OpenID Connect Core section 5.1", "family_name": "OpenID Connect Core section 5.1",
	"email": "OpenID Connect Core section 5.1", "email_verified": "OpenID Connect Core section 5.1",
	"picture": "OpenID Connect Core section 5.1", "locale": "OpenID Connect Core section 5.1",
}

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
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, false
	}
	var raw [3][]byte
	for i, p := range parts {
		b, err := base64.RawURLEncoding.Strict().DecodeString(p)
		if err != nil {
			return nil, false
		}
		raw[i] = b
	}
	header, ok := jsonFields(group+" header", raw[0])
	claims, ok2 := jsonFields(group+" claims", raw[1])
	if !ok || !ok2 {
		return nil, false
	}
	for i := range header {
		header[i].Spec, header[i].Help = headerSpec[header[i].Name], help[header[i].Name]
	}
	for i := range claims {
		c := &claims[i]
		c.Spec, c.Help = claimSpec[c.Name], help[c.Name]
		if c.Name == "iat" || c.Name == "exp" || c.Name == "auth_time" {
			if s, err := strconv.ParseInt(c.Value, 10, 64); err == nil {
				c.Value = unixTime(s)
			}
		}
	}
	out := append(header, claims...)
	return append(out, Field{Group: group, Name: "signature", Value: hex.EncodeToString(raw[2]), Encoding: "hex", Size: len(raw[2]),
		Spec: "RFC 7515 section 5.2", Help: "Over header and claims. Anyone with the published keys can check it."}), true
}
