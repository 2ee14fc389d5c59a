//go:build !tinygo

package oidc

import "github.com/bonafides-dev/bonafides/protocol/strictjson"

// ClaimsRequest is the claims parameter of an authentication request (OpenID Connect
// Core 1.0 section 5.5): which claims the client asks for one by one, in the ID token
// and from the userinfo endpoint.
type ClaimsRequest struct{ IDToken, Userinfo []ClaimRequest }

// ClaimRequest asks for one claim.
type ClaimRequest struct {
	Name string
	// Essential says that the client cannot do without it; a provider that lacks it
	// still answers.
	Essential bool
	// Values are the texts that the client takes, of value and values; none: any.
	Values []string
}

// maxClaims is the most claims that a request may name.
const maxClaims = 100

// ParseClaimsRequest reads the parameter, a JSON object. Members that the section does
// not define are passed over. Errors are *Error.
func ParseClaimsRequest(text string) (*ClaimsRequest, error) {
	v, err := strictjson.ParseString(text, strictjson.Limits{MaxSize: MaxAuthRequest})
	if err != nil {
		return nil, refuse(CodeRequest, "the claims parameter is not JSON: "+err.Error())
	}
	if v.Kind() != strictjson.Object {
		return nil, refuse(CodeRequest, "the claims parameter is not a JSON object")
	}
	var r ClaimsRequest
	for _, part := range []struct {
		name string
		into *[]ClaimRequest
	}{{"id_token", &r.IDToken}, {"userinfo", &r.Userinfo}} {
		of := v.Get(part.name)
		switch of.Kind() {
		case strictjson.None, strictjson.Null:
			continue
		case strictjson.Object:
		default:
			return nil, refuse(CodeRequest, "in the claims parameter "+part.name+" is not an object")
		}
		for name, asked := range of.Members() {
			c, ok := claimRequest(name, asked)
			if !ok {
				return nil, refuse(CodeRequest, "in the claims parameter a claim is asked for in another form than section 5.5.1 has")
			}
			*part.into = append(*part.into, c)
		}
		if len(*part.into) > maxClaims {
			return nil, refuse(CodeRequest, "the claims parameter asks for more than 100 claims")
		}
	}
	return &r, nil
}

// claimRequest reads what section 5.5.1 defines: null, or an object. A value that is
// no text is one that no claim of ours has.
func claimRequest(name string, v strictjson.Value) (c ClaimRequest, ok bool) {
	c.Name = name
	switch v.Kind() {
	case strictjson.Null:
		return c, name != ""
	case strictjson.Object:
	default:
		return c, false
	}
	if e := v.Get("essential"); e.Exists() {
		if c.Essential, ok = e.Bool(); !ok {
			return c, false
		}
	}
	if one := v.Get("value"); one.Exists() {
		text, _ := one.Text()
		c.Values = append(c.Values, text)
	}
	if many := v.Get("values"); many.Exists() {
		if many.Kind() != strictjson.Array {
			return c, false
		}
		for one := range many.Elements() {
			text, _ := one.Text()
			c.Values = append(c.Values, text)
		}
	}
	return c, name != ""
}
