package oidc

import (
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestTheClaimsParameter(t *testing.T) {
	// The example of OpenID Connect Core section 5.5.
	r, err := ParseClaimsRequest(`{"userinfo":{"given_name":{"essential":true},"nickname":null,"email":{"essential":true},
		"email_verified":{"essential":true},"picture":null,"http://example.info/claims/groups":null},
		"id_token":{"auth_time":{"essential":true},"acr":{"values":["urn:mace:incommon:iap:silver"]}}}`)
	if err != nil {
		t.Fatal(err)
	}
	want := &ClaimsRequest{
		IDToken: []ClaimRequest{{Name: "auth_time", Essential: true}, {Name: "acr", Values: []string{"urn:mace:incommon:iap:silver"}}},
		Userinfo: []ClaimRequest{{Name: "given_name", Essential: true}, {Name: "nickname"}, {Name: "email", Essential: true},
			{Name: "email_verified", Essential: true}, {Name: "picture"}, {Name: "http://example.info/claims/groups"}},
	}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got %+v\nwant %+v", r, want)
	}
	for text, want := range map[string]ClaimsRequest{
		`{}`:                                  {},
		`{"id_token":null,"other":[1]}`:       {},
		`{"id_token":{"sub":{"value":"a"}}}`:  {IDToken: []ClaimRequest{{Name: "sub", Values: []string{"a"}}}},
		`{"id_token":{"x":{"value":5}}}`:      {IDToken: []ClaimRequest{{Name: "x", Values: []string{""}}}},
		`{"id_token":{"x":{"values":[1,2]}}}`: {IDToken: []ClaimRequest{{Name: "x", Values: []string{"", ""}}}},
		`{"id_token":{"x":{"other":true}}}`:   {IDToken: []ClaimRequest{{Name: "x"}}},
	} {
		if got, err := ParseClaimsRequest(text); err != nil || !reflect.DeepEqual(*got, want) {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	var many strings.Builder
	for i := range maxClaims + 1 {
		many.WriteString(`,"` + strconv.Itoa(i) + `":null`)
	}
	for text, says := range map[string]string{
		``: "not JSON", `{`: "not JSON", `[]`: "not a JSON object", `"x"`: "not a JSON object", `{"id_token":{},"id_token":{}}`: "not JSON",
		`{"id_token":[]}`: "id_token is not an object", `{"userinfo":"x"}`: "userinfo is not an object",
		`{"id_token":{"x":1}}`: "another form", `{"id_token":{"x":[]}}`: "another form", `{"id_token":{"":null}}`: "another form",
		`{"id_token":{"":{}}}`: "another form", `{"id_token":{"x":{"essential":1}}}`: "another form", `{"id_token":{"x":{"values":"a"}}}`: "another form",
		`{"userinfo":{` + many.String()[1:] + `}}`: "more than 100",
	} {
		var why *Error
		if _, err := ParseClaimsRequest(text); !errors.As(err, &why) || why.Code != CodeRequest || !strings.Contains(why.Message, says) {
			t.Errorf("%.40s: %v, want %s", text, err, says)
		}
	}
}

func TestNamesOfPushedRequests(t *testing.T) {
	body, err := PushedAnswer("abc", 60)
	if err != nil {
		t.Fatal(err)
	}
	uri, err := ParsePushed(body, 4096)
	if err != nil || uri != PushedPrefix+"abc" {
		t.Fatal(uri, err)
	}
	for name, c := range map[string]struct {
		values []string
		want   string
	}{
		"ours": {[]string{uri}, "abc"}, "none": {nil, ""}, "two": {[]string{uri, uri}, ""}, "nothing after it": {[]string{PushedPrefix}, ""},
		"a file of the client's": {[]string{"https://client.example/request.jwt"}, ""},
	} {
		if got, ok := Pushed(map[string][]string{"request_uri": c.values}); got != c.want || ok != (c.want != "") {
			t.Errorf("%s: %q, %v", name, got, ok)
		}
	}
}

func TestHintsAreReadWhereTheyAreAskedFor(t *testing.T) {
	q := map[string][]string{}
	for _, name := range Hints() {
		q[name] = []string{"v"}
	}
	if got := ParseAuthRequest(q); len(got.Params()) != 0 {
		t.Errorf("read without being asked for: %v", got.Params())
	}
	if got := ParseAuthRequest(q, Hints()...); len(got.Params()) != len(Hints()) {
		t.Errorf("got %v of %v", got.Params(), Hints())
	}
}

func FuzzParseClaimsRequest(f *testing.F) {
	f.Add(`{"id_token":{"sub":{"value":"a"}},"userinfo":{"email":null}}`)
	f.Add(`{"id_token":{"x":{"essential":true,"values":["a",1]}}}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseClaimsRequest(text)
		if err != nil {
			return
		}
		for _, c := range append(r.IDToken, r.Userinfo...) {
			if c.Name == "" {
				t.Errorf("a claim without a name in %q", text)
			}
		}
	})
}
