package inspect

import (
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// Groups of the fields of a signed token.
const (
	Header    = "header"
	Claims    = "claims"
	Signature = "signature"
)

// A Signed is a compact JWS: an ID token, a redemption record, an assertion.
type Signed struct {
	Header, Claims []Field
	// HeaderError and ClaimsError say why a strict reader refuses a part, of which
	// there are then no fields. HeaderJSON and ClaimsJSON are the parts as they are.
	HeaderError, ClaimsError error
	HeaderJSON, ClaimsJSON   string
	Signature                Field
}

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

// times are the claims that are seconds since 1970.
const times = " exp iat nbf auth_time "

// JWS decodes a compact JWS (RFC 7515 section 7.1) of at most max bytes. An error says
// that it has not the form of one; parts that are no strict JSON are told in Signed.
func JWS(token string, max int) (*Signed, error) {
	payload, header, err := jws.Inspect(token, max)
	if err != nil {
		return nil, err
	}
	s := &Signed{HeaderJSON: header, ClaimsJSON: payload}
	s.Header, s.HeaderError = members(Header, header, headerSpec, max)
	s.Claims, s.ClaimsError = members(Claims, payload, claimSpec, max)
	text := token[strings.LastIndexByte(token, '.')+1:]
	s.Signature = Field{Group: Signature, Name: "signature", Value: text, Encoding: "text", Offset: -1, Size: len(text), Spec: "RFC 7515 section 5.2"}
	if b, ok := jws.DecodeBase64URL(text); ok {
		s.Signature.Value, s.Signature.Encoding, s.Signature.Size = hex.EncodeToString(b), "hex", len(b)
	}
	return s, nil
}

// members decodes the members of an object in their order, nested ones by path
// ("address.country").
func members(group, doc string, spec map[string]string, max int) ([]Field, error) {
	v, err := strictjson.ParseString(doc, strictjson.Limits{MaxSize: max})
	if err != nil {
		return nil, err
	}
	if v.Kind() != strictjson.Object {
		return nil, ErrNoObject
	}
	var out []Field
	for name, c := range v.Members() {
		flatten(group, name, spec[name], c, &out)
	}
	return out, nil
}

// ErrNoObject refuses JSON that is no object.
var ErrNoObject = errors.New("it is no object")

const maxFields = 200

func flatten(group, name, spec string, v strictjson.Value, out *[]Field) {
	if len(*out) >= maxFields {
		return
	}
	f := Field{Group: group, Name: name, Value: v.Raw(), Encoding: "JSON", Offset: -1, Spec: spec}
	switch v.Kind() {
	case strictjson.Object:
		if v.Len() > 0 {
			for n, c := range v.Members() {
				flatten(group, name+"."+n, spec, c, out)
			}
			return
		}
	case strictjson.Array:
		if v.Len() > 0 {
			i := 0
			for c := range v.Elements() {
				flatten(group, name+"["+strconv.Itoa(i)+"]", spec, c, out)
				i++
			}
			return
		}
	case strictjson.String:
		f.Value, _ = v.Text()
		f.Encoding = "text"
	case strictjson.Number:
		f.Encoding = "decimal"
		if seconds, _, ok := v.NumericDate(); ok && strings.Contains(times, " "+name+" ") {
			f.Time = time.Unix(seconds, 0).UTC()
		}
	}
	f.Size = len(f.Value)
	*out = append(*out, f)
}
