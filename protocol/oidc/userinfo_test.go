package oidc

import (
	"reflect"
	"strings"
	"testing"
)

func TestUserinfo(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want Userinfo
	}{
		"all of it": {`{"sub":"248289761001","name":"Jane Doe","given_name":"Jane","family_name":"Doe","preferred_username":"j.doe","email":"janedoe@example.com","email_verified":true,"picture":"https://example.com/janedoe/me.jpg","locale":"en","hd":"example.com"}`,
			Userinfo{Subject: "248289761001", Name: "Jane Doe", GivenName: "Jane", FamilyName: "Doe", Email: "janedoe@example.com", EmailVerified: true, Picture: "https://example.com/janedoe/me.jpg", Locale: "en", HostedDomain: "example.com"}},
		"the subject alone":          {`{"sub":"248289761001"}`, Userinfo{}},
		"verified in quotes":         {`{"sub":"248289761001","email":"a@b.example","email_verified":"true"}`, Userinfo{Email: "a@b.example", EmailVerified: true}},
		"not verified":               {`{"sub":"248289761001","email":"a@b.example","email_verified":false}`, Userinfo{Email: "a@b.example"}},
		"not verified, in quotes":    {`{"sub":"248289761001","email_verified":"false"}`, Userinfo{}},
		"verified by a number":       {`{"sub":"248289761001","email_verified":1}`, Userinfo{}},
		"verified in capitals":       {`{"sub":"248289761001","email_verified":"True"}`, Userinfo{}},
		"verified and not":           {`{"sub":"248289761001","email_verified":true,"email_verified":false}`, Userinfo{}},
		"claims of another type":     {`{"sub":"248289761001","email":["a"],"name":1,"given_name":{},"family_name":true,"picture":{"data":{"url":"x"}},"locale":{"country":"US"},"hd":[]}`, Userinfo{}},
		"null":                       {`{"sub":"248289761001","email":null,"email_verified":null,"name":null}`, Userinfo{}},
		"a name cut inside an emoji": {`{"sub":"248289761001","name":"Ada \ud83d","given_name":"Ada","x":"\udc00"}`, Userinfo{GivenName: "Ada"}},
		"a whole emoji":              {`{"sub":"248289761001","name":"\ud83d\ude00"}`, Userinfo{Name: "😀"}},
		"an address twice":           {`{"sub":"248289761001","email":"a@b.example","email":"c@d.example"}`, Userinfo{}},
	} {
		got, err := ParseUserinfo([]byte(c.body), "248289761001", answerSize)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		claims := *got
		claims.doc, c.want.Subject = nil, "248289761001"
		if claims != c.want {
			t.Errorf("%s: %+v", name, claims)
		}
	}
	u, err := ParseUserinfo([]byte(`{"sub":"1","x":"y","z":"a","z":"a"}`), "1", answerSize)
	if err != nil || u.Claim("x") != "y" || u.Claim("z") != "" || u.Claim("w") != "" {
		t.Errorf("%+v %v", u, err)
	}
}

// Anybody's access token gets an answer: what counts is that it is about the person of
// the ID token, to the byte (OpenID Connect Core section 5.3.2).
func TestUserinfoAboutAnotherPerson(t *testing.T) {
	for name, c := range map[string]struct{ body, subject, code string }{
		"another":              {`{"sub":"user-2","email":"ada@example.com"}`, "user-1", CodeUserinfoSubject},
		"in another case":      {`{"sub":"User-1"}`, "user-1", CodeUserinfoSubject},
		"with a space behind":  {`{"sub":"user-1 "}`, "user-1", CodeUserinfoSubject},
		"the beginning":        {`{"sub":"user"}`, "user-1", CodeUserinfoSubject},
		"composed differently": {`{"sub":"e\u0301"}`, "é", CodeUserinfoSubject},
		"with a NUL behind":    {`{"sub":"user-1\u0000"}`, "user-1", CodeUserinfoSubject},
		"nobody":               {`{"email":"ada@example.com"}`, "user-1", CodeAnswer},
		"nobody, for nobody":   {`{"sub":""}`, "", CodeAnswer},
		"null":                 {`{"sub":null}`, "user-1", CodeAnswer},
		"a number":             {`{"sub":1}`, "1", CodeAnswer},
		"an array":             {`{"sub":["user-1"]}`, "user-1", CodeAnswer},
		"two people":           {`{"sub":"user-2","sub":"user-1"}`, "user-1", CodeAnswer},
		"twice the same":       {`{"sub":"user-1","\u0073ub":"user-1"}`, "user-1", CodeAnswer},
		"half a character":     {`{"sub":"\ud83d"}`, "\ufffd", CodeAnswer},
		"a page":               {`<html>`, "user-1", CodeAnswer},
		"an array of answers":  {`[{"sub":"user-1"}]`, "user-1", CodeAnswer},
		"too long":             {`{"sub":"user-1","x":"` + strings.Repeat("x", answerSize) + `"}`, "user-1", CodeAnswer},
	} {
		got, err := ParseUserinfo([]byte(c.body), c.subject, answerSize)
		if codeOf(err) != c.code || got != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

// What is signed counts first. An address and whether it is verified are one statement,
// and hd decides who may sign in, so userinfo never adds it.
func TestMergeUserinfo(t *testing.T) {
	all := Userinfo{Subject: "1", Email: "u@example.com", EmailVerified: true, Name: "U", GivenName: "UG", FamilyName: "UF", Picture: "up", Locale: "ul", HostedDomain: "evil.example"}
	for name, c := range map[string]struct {
		token IDToken
		u     Userinfo
		want  IDToken
	}{
		"a thin token": {IDToken{Subject: "1"}, all,
			IDToken{Subject: "1", Email: "u@example.com", EmailVerified: true, Name: "U", GivenName: "UG", FamilyName: "UF", Picture: "up", Locale: "ul"}},
		"a full token": {IDToken{Email: "t@example.com", Name: "T", GivenName: "TG", FamilyName: "TF", Picture: "tp", Locale: "tl", HostedDomain: "t.example"}, all,
			IDToken{Email: "t@example.com", Name: "T", GivenName: "TG", FamilyName: "TF", Picture: "tp", Locale: "tl", HostedDomain: "t.example"}},
		"verified is not lent to another address": {IDToken{Email: "t@example.com"}, Userinfo{Email: "u@example.com", EmailVerified: true}, IDToken{Email: "t@example.com"}},
		"nor to the same one":                     {IDToken{Email: "a@example.com"}, Userinfo{Email: "a@example.com", EmailVerified: true}, IDToken{Email: "a@example.com"}},
		"nor taken away from it":                  {IDToken{Email: "a@example.com", EmailVerified: true}, Userinfo{Email: "a@example.com"}, IDToken{Email: "a@example.com", EmailVerified: true}},
		"the token's word about no address":       {IDToken{EmailVerified: true}, Userinfo{Email: "u@example.com"}, IDToken{Email: "u@example.com"}},
		"userinfo's word about no address":        {IDToken{}, Userinfo{EmailVerified: true}, IDToken{}},
		"nothing to add":                          {IDToken{Name: "T"}, Userinfo{}, IDToken{Name: "T"}},
	} {
		before := c.token
		got := MergeUserinfo(&c.token, &c.u)
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v", name, *got)
		}
		if !reflect.DeepEqual(c.token, before) {
			t.Errorf("%s: the token was changed: %+v", name, c.token)
		}
	}
	id, err := Verify(testToken(t, claims()), good(t), testNow)
	if err != nil {
		t.Fatal(err)
	}
	merged := MergeUserinfo(id, &all)
	merged.Audience[0] = "another"
	if id.Audience[0] != theClient || merged.Claim("sub") != `"user-1"` {
		t.Errorf("%v %s", id.Audience, merged.Claim("sub"))
	}
}
