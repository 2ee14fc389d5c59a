package oidc

import (
	"github.com/bonafides-dev/bonafides/protocol/strictjson"
)

// read takes the claims out of a payload, each with its type. Claims that decide
// something must have it; claims that describe are left empty if they do not.
func (t *IDToken) read(payload string, maxSize int, d *strictjson.Document) (seen seen, _ *Error) {
	v, err := d.Parse(payload, strictjson.Limits{MaxSize: maxSize, MarkSurrogates: true})
	if err != nil {
		return seen, refuse(CodeClaims, "the claims are not strict JSON: "+err.Error())
	}
	if v.Marked() {
		whole, refusal := t.withoutHalves(v)
		if refusal != nil {
			return seen, refusal
		}
		v, _ = d.Parse(whole, strictjson.Limits{MaxSize: len(whole)}) // parts of what was read
	}
	if v.Kind() != strictjson.Object {
		return seen, refuse(CodeClaims, "the claims are not a JSON object")
	}
	t.claims = v.Raw()
	seen.claims = v
	for w := v.Walk(); w.Next(); {
		name, c, ok := w.Name(), w.Value(), true
		switch name {
		case "iss":
			t.Issuer, ok = c.Text()
		case "sub":
			if t.Subject, ok = c.Text(); !ok {
				return seen, refuse(CodeSubject, "sub is not a string")
			}
		case "aud":
			if one, isText := c.Text(); isText {
				t.single[0] = one
				t.Audience = t.single[:]
			} else {
				t.Audience, ok = c.Strings()
			}
		case "azp":
			if isNull(c) {
				continue
			}
			t.AuthorizedParty, ok = c.Text()
			seen.azp = true
		case "nonce":
			t.Nonce, ok = c.Text()
		case "at_hash":
			if isNull(c) {
				continue
			}
			t.AccessTokenHash, ok = c.Text()
		case "exp":
			t.Expiry, seen.expNanos, ok = c.NumericDate()
			seen.exp = true
		case "iat":
			t.IssuedAt, _, ok = c.NumericDate()
			seen.iat = true
		case "nbf":
			t.NotBefore, _, ok = c.NumericDate()
		case "auth_time":
			if isNull(c) {
				continue
			}
			t.AuthTime, _, ok = c.NumericDate()
		case "sid":
			t.SessionID, ok = c.Text()
		case "tid":
			seen.tenant, _ = c.Text() // empty is no tenant
		case "hd":
			t.HostedDomain, _ = c.Text() // empty matches no required domain
		case "email":
			t.Email, _ = c.Text()
		case "email_verified":
			t.EmailVerified = c.Raw() == "true" || c.Raw() == `"true"`
		case "name":
			t.Name, _ = c.Text()
		case "given_name":
			t.GivenName, _ = c.Text()
		case "family_name":
			t.FamilyName, _ = c.Text()
		case "picture":
			t.Picture, _ = c.Text()
		case "locale":
			t.Locale, _ = c.Text()
		}
		if !ok {
			return seen, refuse(CodeClaimType, name+" is not of the type that it must have")
		}
	}
	return seen, nil
}

// isNull reports whether a claim is written as null by a provider that has no value for
// it. Only claims that a token may lack are then as if they were absent.
func isNull(c strictjson.Value) bool { return c.Kind() == strictjson.Null }

// describing are the claims that describe a person (OpenID Connect Core section 5.1).
var describing = [...]string{"name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
	"picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "address"}

// withoutHalves returns the claims without those that hold half of a surrogate pair: a
// name that was cut inside an emoji must not lock its owner out. A claim that does more
// than describe a person is refused for it, since readers differ in what it then says.
func (t *IDToken) withoutHalves(v strictjson.Value) (string, *Error) {
	b := []byte{'{'}
	for w := v.Walk(); w.Next(); {
		name := w.Name()
		if !w.Value().Marked() {
			if len(b) > 1 {
				b = append(b, ',')
			}
			b = append(append(strictjson.AppendString(b, name), ':'), w.Value().Raw()...)
			continue
		}
		if !contains(describing[:], name) {
			return "", refuse(CodeClaims, "the claims are not strict JSON: one that does more than describe a person holds half of a surrogate pair")
		}
		t.Remarks = append(t.Remarks, name+" holds half of a character and is left out")
	}
	return string(append(b, '}')), nil
}
