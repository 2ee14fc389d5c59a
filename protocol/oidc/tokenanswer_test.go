package oidc

import (
	"errors"
	"strings"
	"testing"
)

const answerSize = 64 << 10

func TestTokenAnswersAsProvidersSendThem(t *testing.T) {
	for name, c := range map[string]struct {
		body string
		want TokenAnswer
	}{
		"as the specification shows it": {`{"access_token":"SlAV32hkKG","token_type":"Bearer","refresh_token":"8xLOxBtZp8","expires_in":3600,"id_token":"a.b.c"}`,
			TokenAnswer{IDToken: "a.b.c", AccessToken: "SlAV32hkKG", RefreshToken: "8xLOxBtZp8", ExpiresIn: 3600}},
		"bearer in small letters":    {`{"access_token":"a","token_type":"bearer"}`, TokenAnswer{AccessToken: "a"}},
		"BEARER in capitals":         {`{"access_token":"a","token_type":"BEARER"}`, TokenAnswer{AccessToken: "a"}},
		"no token_type":              {`{"access_token":"a","expires_in":1}`, TokenAnswer{AccessToken: "a", ExpiresIn: 1}},
		"token_type null":            {`{"access_token":"a","token_type":null}`, TokenAnswer{AccessToken: "a"}},
		"another type, and no token": {`{"id_token":"a.b.c","token_type":"N_A"}`, TokenAnswer{IDToken: "a.b.c"}},
		"an ID token alone":          {`{"id_token":"a.b.c"}`, TokenAnswer{IDToken: "a.b.c"}},
		"nothing":                    {`{}`, TokenAnswer{}},
		"null for what it does not have": {`{"id_token":"a.b.c","access_token":null,"refresh_token":null,"scope":null,"expires_in":null,"error":null}`,
			TokenAnswer{IDToken: "a.b.c"}},
		"no error, in words":           {`{"id_token":"a.b.c","error":""}`, TokenAnswer{IDToken: "a.b.c"}},
		"no error, in numbers":         {`{"id_token":"a.b.c","error":0}`, TokenAnswer{IDToken: "a.b.c"}},
		"an object that is no error":   {`{"id_token":"a.b.c","error":{}}`, TokenAnswer{IDToken: "a.b.c"}},
		"a lifetime in quotes":         {`{"expires_in":"3599"}`, TokenAnswer{ExpiresIn: 3599}},
		"with a fraction":              {`{"expires_in":3599.9}`, TokenAnswer{ExpiresIn: 3599}},
		"with an exponent":             {`{"expires_in":36e2}`, TokenAnswer{ExpiresIn: 3600}},
		"that is over":                 {`{"expires_in":-1}`, TokenAnswer{}},
		"in quotes, that is over":      {`{"expires_in":"-1"}`, TokenAnswer{}},
		"the longest that is believed": {`{"expires_in":2147483647}`, TokenAnswer{ExpiresIn: 2147483647}},
		"a longer one":                 {`{"expires_in":2147483648}`, TokenAnswer{}},
		"in quotes, a longer one":      {`{"expires_in":"2147483648"}`, TokenAnswer{}},
		"beyond every integer":         {`{"expires_in":"99999999999999999999"}`, TokenAnswer{}},
		"in words":                     {`{"expires_in":"an hour"}`, TokenAnswer{}},
		"in another shape":             {`{"expires_in":[3600]}`, TokenAnswer{}},
		"scopes":                       {`{"scope":"openid email"}`, TokenAnswer{Scope: "openid email"}},
		"scopes as Twitch writes them": {`{"scope":["openid","user:read:email"]}`, TokenAnswer{Scope: "openid user:read:email"}},
		"no scopes":                    {`{"scope":[]}`, TokenAnswer{}},
		"scopes of another shape":      {`{"scope":{"openid":true}}`, TokenAnswer{}},
		"an array with something else": {`{"scope":["openid",1]}`, TokenAnswer{}},
		"what nobody reads":            {`{"id_token":"a.b.c","x":"\ud83d","y":1,"y":2,"z":{"a":1,"a":2},"not_before_policy":0}`, TokenAnswer{IDToken: "a.b.c"}},
	} {
		got, err := ParseTokenAnswer([]byte(c.body), answerSize)
		if err != nil || *got != c.want {
			t.Errorf("%s: %+v %v", name, got, err)
		}
	}
}

func TestTokenAnswersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ body, code string }{
		"nothing":                   {``, CodeAnswer},
		"a page":                    {`<html>`, CodeAnswer},
		"an array":                  {`[]`, CodeAnswer},
		"two documents":             {`{} {}`, CodeAnswer},
		"too long":                  {`{"x":"` + strings.Repeat("x", answerSize) + `"}`, CodeAnswer},
		"an ID token twice":         {`{"id_token":"a.b.c","id_token":"d.e.f"}`, CodeAnswer},
		"twice, hidden":             {`{"id_token":"a.b.c","\u0069d_token":"a.b.c"}`, CodeAnswer},
		"twice, once null":          {`{"id_token":null,"id_token":"d.e.f"}`, CodeAnswer},
		"an access token twice":     {`{"access_token":"a","access_token":"a"}`, CodeAnswer},
		"a refresh token twice":     {`{"refresh_token":"a","refresh_token":"a"}`, CodeAnswer},
		"a token_type twice":        {`{"token_type":"DPoP","token_type":"Bearer"}`, CodeAnswer},
		"a lifetime twice":          {`{"expires_in":1,"expires_in":2}`, CodeAnswer},
		"scopes twice":              {`{"scope":"a","scope":["b"]}`, CodeAnswer},
		"a number for a token":      {`{"id_token":1}`, CodeAnswer},
		"an array for a token":      {`{"access_token":["a"]}`, CodeAnswer},
		"a number for a type":       {`{"access_token":"a","token_type":1}`, CodeAnswer},
		"half a character":          {`{"refresh_token":"\ud83d"}`, CodeAnswer},
		"a line end in a token":     {`{"access_token":"a\r\nX-Evil: 1"}`, CodeAnswer},
		"a letter outside ASCII":    {`{"access_token":"ä"}`, CodeAnswer},
		"an end in a refresh token": {`{"refresh_token":"a\u007f"}`, CodeAnswer},
		"bound to a key":            {`{"access_token":"a","token_type":"DPoP"}`, CodeTokenType},
		"a type of the same size":   {`{"access_token":"a","token_type":"Beaver"}`, CodeTokenType},
		"a mac":                     {`{"access_token":"a","token_type":"mac","id_token":"a.b.c"}`, CodeTokenType},
	} {
		got, err := ParseTokenAnswer([]byte(c.body), answerSize)
		if codeOf(err) != c.code || got != nil {
			t.Errorf("%s: %+v %v", name, got, err)
		}
		if err != nil && (strings.Contains(err.Error(), "Evil") || strings.Contains(err.Error(), "d.e.f")) {
			t.Errorf("%s: the error repeats a token: %v", name, err)
		}
	}
}

// Slack and GitHub answer with status 200 and an error; whatever tokens stand beside one
// do not count.
func TestAnErrorThatComesAsASuccess(t *testing.T) {
	for body, code := range map[string]string{
		`{"ok":false,"error":"invalid_code"}`:                                          "invalid_code",
		`{"error":"bad_verification_code","error_description":"old"}`:                  "bad_verification_code",
		`{"error":"access_denied","id_token":"a.b.c","access_token":"a"}`:              "access_denied",
		`{"error":{"status":"UNAUTHENTICATED","code":401},"access_token":"a"}`:         "UNAUTHENTICATED",
		`{"error":"access_denied","token_type":1,"access_token":"a","access_token":2}`: "access_denied",
	} {
		got, err := ParseTokenAnswer([]byte(body), answerSize)
		var said *ProviderError
		if !errors.As(err, &said) || said.Code != code || got != nil {
			t.Errorf("%s: %+v %v", body, got, err)
		}
	}
}

func TestErrorsOfAnEndpoint(t *testing.T) {
	for body, want := range map[string]ProviderError{
		`{"error":"invalid_grant"}`: {Code: "invalid_grant"},
		`{"error":"invalid_grant","error_description":"it is over","error_uri":"https://idp.example/e"}`: {"invalid_grant", "it is over", "https://idp.example/e"},
		`{"error":"invalid_grant","error_description":"half \ud83d","error_uri":1}`:                      {Code: "invalid_grant"},
		`{"error":"invalid_grant","error_description":"a","error_description":"b"}`:                      {Code: "invalid_grant"},
		`{"error":{"code":"InvalidAuthenticationToken","message":"empty","innerError":{}}}`:              {"InvalidAuthenticationToken", "empty", ""},
		`{"error":{"code":401,"message":"no","status":"UNAUTHENTICATED"}}`:                               {"UNAUTHENTICATED", "no", ""},
		`{"error":{"message":"no","type":"OAuthException","code":190}}`:                                  {"OAuthException", "no", ""},
		`{}`: {}, `{"error":""}`: {}, `{"error":1}`: {}, `{"error":true}`: {}, `{"error":{"message":"no"}}`: {}, `{"error":["x"]}`: {},
		`{"error":"a","error":"b"}`: {}, `{"error":"\ud83d"}`: {}, ``: {}, `<html>`: {}, `"error"`: {},
	} {
		got := ParseTokenError([]byte(body), answerSize)
		if want == (ProviderError{}) {
			if got != nil {
				t.Errorf("%s: %+v", body, got)
			}
		} else if got == nil || *got != want {
			t.Errorf("%s: %+v", body, got)
		}
	}
	if got := ParseTokenError([]byte(`{"error":"invalid_grant"}`), 10); got != nil {
		t.Errorf("longer than what is read: %+v", got)
	}
}

// A log gets one line of printable ASCII, and not much of it.
func TestTheOtherSidesWordsInALog(t *testing.T) {
	for _, c := range []struct{ code, description, want string }{
		{"invalid_grant", "", "invalid_grant"},
		{"invalid_grant", "it is over", "invalid_grant: it is over"},
		{"a\nb", "c\x1b[31m\r\n\x00d\u202e", `a\x0ab: c\x1b[31m\x0d\x0a\x00d\xe2\x80\xae`},
		{strings.Repeat("c", 64), "", strings.Repeat("c", 64)},
		{strings.Repeat("c", 65), "", strings.Repeat("c", 61) + "..."},
		{strings.Repeat("\n", 64), "", strings.Repeat(`\x0a`, 15) + `\...`},
		{strings.Repeat("c", 1000), strings.Repeat("d", 1000), strings.Repeat("c", 61) + "...: " + strings.Repeat("d", 253) + "..."},
	} {
		if got := (&ProviderError{Code: c.code, Description: c.description}).Said(); got != c.want {
			t.Errorf("%q %q: %s", c.code, c.description, got)
		}
	}
}

func TestPushedRequests(t *testing.T) {
	long := "urn:" + strings.Repeat("x", 2<<10-4)
	for body, want := range map[string]string{
		`{"request_uri":"urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c","expires_in":60}`: "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c",
		`{"request_uri":"` + long + `"}`:  long,
		`{"request_uri":"` + long + `x"}`: "", `{"request_uri":""}`: "", `{"request_uri":null}`: "", `{"request_uri":1}`: "", `{}`: "", `[]`: "", ``: "",
		`{"request_uri":"urn:a","request_uri":"urn:b"}`: "",
	} {
		got, err := ParsePushed([]byte(body), answerSize)
		if got != want || want == "" && codeOf(err) != CodeAnswer || want != "" && err != nil {
			t.Errorf("%s: %q %v", body, got, err)
		}
	}
}

func TestTheAddressOfAPushedRequest(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://idp.example/authorize":     "https://idp.example/authorize?client_id=shop%201&request_uri=urn%3Aa%26b",
		"https://idp.example/authorize?p=1": "https://idp.example/authorize?p=1&client_id=shop%201&request_uri=urn%3Aa%26b",
		"https://idp.example/#x":            "", "": "",
	} {
		if got, err := PushedURL(endpoint, "shop 1", "urn:a&b"); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %s %v", endpoint, got, err)
		}
	}
}
