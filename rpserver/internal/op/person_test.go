package op

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// everything is a provider that has every endpoint.
func everything(t *testing.T) *provider {
	t.Helper()
	p := newProvider(t, (*httptest.Server).Start)
	for member, path := range map[string]string{"userinfo_endpoint": "/userinfo", "revocation_endpoint": "/revoke", "end_session_endpoint": "/logout", "pushed_authorization_request_endpoint": "/par"} {
		p.document[member] = p.URL + path
	}
	return p
}

func TestUserinfoToTheByte(t *testing.T) {
	p := everything(t)
	got := p.record(t, answer{200, "Content-Type: application/json", `{"sub":"248289761001","name":"Jane Doe","email":"janedoe@example.com"}`})
	u, err := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "shop", Secret: "hunter2"} }).Userinfo(t.Context(), "SlAV32hkKG", "248289761001")
	if err != nil || u.Name != "Jane Doe" || u.Email != "janedoe@example.com" {
		t.Errorf("%+v %v", u, err)
	}
	if want := (wire{"GET", "/userinfo", "Bearer SlAV32hkKG", "", "application/json", ""}); len(*got) != 1 || (*got)[0] != want { // Core section 5.3.1
		t.Errorf("%+v", *got)
	}
}

func TestUserinfoThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer     answer
		code, says string
	}{
		"another person":          {answer{200, "", `{"sub":"2","email":"eve@example.com"}`}, CodeOtherPerson, "another person"},
		"nobody":                  {answer{200, "", `{"email":"ada@example.com"}`}, CodeMalformed, "does not say about whom"},
		"two people":              {answer{200, "", `{"sub":"1","sub":"2"}`}, CodeMalformed, "sub appears twice"},
		"a signed answer":         {answer{200, "Content-Type: application/jwt; charset=utf-8", `a.b.c`}, CodeMalformed, "userinfo_signed_response_alg"},
		"a page":                  {answer{200, "Content-Type: text/html", `<html>`}, CodeMalformed, "not a JSON object"},
		"an error, as a success":  {answer{200, "", `{"error":"invalid_token"}`}, CodeAccess, "invalid_token"},
		"of Microsoft":            {answer{401, "", `{"error":{"code":"InvalidAuthenticationToken","message":"it is empty"}}`}, CodeAccess, "InvalidAuthenticationToken: it is empty"},
		"a token that is over":    {answer{401, "", ``}, CodeAccess, "status 401"},
		"a token for less":        {answer{403, "", `{"error":"insufficient_scope"}`}, CodeAccess, "insufficient_scope"},
		"a client that is unkown": {answer{401, "", `{"error":"invalid_client"}`}, CodeAccess, "invalid_client"},
		"no content":              {answer{204, "", ``}, CodeAccess, "status 204"},
		"a redirect":              {answer{302, "Location: /login", ``}, CodeMalformed, "redirect"},
		"too long":                {answer{200, "", `{"sub":"1","x":"` + strings.Repeat("x", 64<<10) + `"}`}, CodeTooLarge, "MaxAnswer"},
		"down":                    {answer{500, "", ``}, CodeUnreachable, "status 500"},
	} {
		p := everything(t)
		p.record(t, c.answer)
		u, err := p.client(t, nil).Userinfo(t.Context(), "SlAV32hkKG-SlAV32hkKG", "1")
		if why := refusedWith(t, name, err, c.code); u != nil || why.Status != c.answer.status || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "eve@") {
			t.Errorf("%s: %+v %v", name, u, err)
		}
	}
}

func TestUserinfoWhereThereIsNone(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	_, err := p.client(t, nil).Userinfo(t.Context(), "t", "1")
	refusedWith(t, "no endpoint", err, CodeNoEndpoint)
	p = everything(t)
	got := p.record(t, answer{200, "", `{"sub":"1"}`})
	_, err = p.client(t, nil).Userinfo(t.Context(), "", "1")
	refusedWith(t, "no access token", err, CodeAccess)
	_, err = p.client(t, nil).Userinfo(t.Context(), "a\r\nX-Evil: 1", "1")
	if refusedWith(t, "a token for no header", err, CodeUnreachable); strings.Contains(err.Error(), "Evil") || len(*got) != 0 {
		t.Errorf("%v, asked %+v", err, *got)
	}
	client := p.client(t, nil)
	p.Close()
	_, err = client.Userinfo(t.Context(), "t", "1")
	refusedWith(t, "no provider", err, CodeUnreachable)
}

func TestRevocationToTheByte(t *testing.T) {
	p := everything(t)
	got := p.record(t, answer{200, "", ""})
	client := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV"} })
	for _, hint := range []string{"refresh_token", ""} {
		if err := client.Revoke(t.Context(), "45ghiukldjahdnhzdauz", hint); err != nil {
			t.Error(err)
		}
	}
	for i, body := range []string{"token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token", "token=45ghiukldjahdnhzdauz"} { // RFC 7009 section 2.1
		if want := (wire{"POST", "/revoke", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "application/x-www-form-urlencoded", "application/json", body}); (*got)[i] != want {
			t.Errorf("%+v", (*got)[i])
		}
	}
}

func TestWhatARevocationMayAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		answer answer
		code   string
	}{
		"200":                       {answer{200, "", "anything"}, ""},
		"204":                       {answer{204, "", ""}, ""},
		"a token that Google lacks": {answer{400, "", `{"error":"invalid_token","error_description":"Token expired or revoked"}`}, ""},
		"a grant that is over":      {answer{400, "", `{"error":"invalid_grant"}`}, ""},
		"a kind that is not":        {answer{400, "", `{"error":"unsupported_token_type"}`}, CodeNotTaken},
		"without a word":            {answer{400, "", ``}, CodeNotTaken},
		"no such place":             {answer{404, "", ``}, CodeNotTaken},
		"a redirect":                {answer{302, "Location: /", ``}, CodeMalformed},
		"down":                      {answer{500, "", ``}, CodeUnreachable},
	} {
		p := everything(t)
		p.record(t, c.answer)
		err := p.client(t, nil).Revoke(t.Context(), "45ghiukldjahdnhzdauz", "refresh_token")
		if c.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		refusedWith(t, name, err, c.code)
	}
	if err := newProvider(t, (*httptest.Server).Start).client(t, nil).Revoke(t.Context(), "t", ""); err != nil {
		t.Errorf("nowhere to revoke: %v", err)
	}
	p := everything(t)
	p.Close()
	refusedWith(t, "no provider", p.client(t, nil).Revoke(t.Context(), "t", ""), CodeUnreachable)
}

func TestAPushedRequestToTheByte(t *testing.T) {
	params := []oidc.Param{{Name: "response_type", Value: "code"}, {Name: "client_id", Value: "s6BhdRkqt3"}, {Name: "state", Value: "af0ifjsldkj"},
		{Name: "redirect_uri", Value: "https://client.example.org/cb"}, {Name: "resource", Value: "https://a.example"}, {Name: "resource", Value: "https://b.example"}}
	const uri = "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c"
	for method, c := range map[string]struct{ authorization, secret string }{
		AuthBasic: {"Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", ""}, AuthPost: {"", "&client_secret=gX1fBat3bV"}, AuthNone: {"", ""},
	} {
		p := everything(t)
		got := p.record(t, answer{201, "", `{"request_uri":"` + uri + `","expires_in":60}`}, answer{200, "", `{"request_uri":"` + uri + `"}`})
		client := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV", Method: method} })
		for range 2 { // 201, and what some answer
			if found, err := client.Push(t.Context(), params); found != uri || err != nil {
				t.Errorf("%s: %s %v", method, found, err)
			}
		}
		want := wire{"POST", "/par", c.authorization, "application/x-www-form-urlencoded", "application/json",
			"client_id=s6BhdRkqt3" + c.secret + "&redirect_uri=https%3A%2F%2Fclient.example.org%2Fcb&resource=https%3A%2F%2Fa.example&resource=https%3A%2F%2Fb.example&response_type=code&state=af0ifjsldkj"}
		if (*got)[0] != want || (*got)[1] != want {
			t.Errorf("%s: %+v", method, *got)
		}
	}
}

func TestAPushedRequestThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		answer     answer
		code, said string
	}{
		"a scope":        {answer{400, "", `{"error":"invalid_scope"}`}, CodeNotTaken, "invalid_scope"},
		"a redirect URI": {answer{400, "", `{"error":"invalid_request","error_description":"The redirect_uri is not valid for the given client"}`}, CodeNotTaken, "invalid_request: The redirect_uri is not valid for the given client"},
		"as a success":   {answer{200, "", `{"error":"invalid_request","request_uri":"urn:a"}`}, CodeNotTaken, "invalid_request"},
		"accepted":       {answer{202, "", `{"request_uri":"urn:a"}`}, CodeNotTaken, ""},
		"too large":      {answer{413, "", ``}, CodeNotTaken, ""},
		"no request_uri": {answer{201, "", `{"expires_in":60}`}, CodeMalformed, ""},
		"down":           {answer{502, "", ``}, CodeUnreachable, ""},
	} {
		p := everything(t)
		p.record(t, c.answer)
		uri, err := p.client(t, nil).Push(t.Context(), []oidc.Param{{Name: "scope", Value: "openid"}})
		why := refusedWith(t, name, err, c.code)
		if first, _, _ := strings.Cut(c.said, ":"); uri != "" || why.Said != c.said || why.Setting != RequestSetting(first) {
			t.Errorf("%s: %q %v", name, uri, err)
		}
	}
	for code, setting := range map[string]string{"invalid_request": "InsecureNoPKCE", "invalid_scope": "Scopes", "access_denied": ""} {
		if got := RequestSetting(code); (got == "") != (setting == "") || !strings.Contains(got, setting) {
			t.Errorf("%s: %s", code, got)
		}
	}
	_, err := newProvider(t, (*httptest.Server).Start).client(t, nil).Push(t.Context(), nil)
	refusedWith(t, "nowhere to push to", err, CodeNoEndpoint)
}

// OpenID Connect RP-Initiated Logout 1.0 section 2.
func TestWhereToSignOutThere(t *testing.T) {
	long := strings.Repeat("a", maxHint)
	for name, c := range map[string]struct {
		path string
		q    EndSession
		want string
	}{
		"all of it":                            {"/logout", EndSession{"a.b.c", "shop", "https://shop.example/bye", "s t", 0}, "/logout?client_id=shop&id_token_hint=a.b.c&post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fbye&state=s+t"},
		"nothing":                              {"/logout", EndSession{}, "/logout"},
		"no hint":                              {"/logout", EndSession{ClientID: "shop"}, "/logout?client_id=shop"},
		"a query of its own":                   {"/logout?p=a;b&q=%20", EndSession{ClientID: "shop"}, "/logout?p=a;b&q=%20&client_id=shop"},
		"the longest hint":                     {"/logout", EndSession{IDTokenHint: long}, "/logout?id_token_hint=" + long},
		"a hint too long for the address":      {"/logout", EndSession{IDTokenHint: "a.b.c", ClientID: "shop", MaxURL: 50}, "/logout?client_id=shop"},
		"a hint that the address has room for": {"/logout", EndSession{IDTokenHint: "a.b.c", ClientID: "shop", MaxURL: 200}, "/logout?client_id=shop&id_token_hint=a.b.c"},
		"a hint that is over":                  {"/logout", EndSession{IDTokenHint: long + "a", ClientID: "shop"}, "/logout?client_id=shop"},
	} {
		p := everything(t)
		p.document["end_session_endpoint"] = p.URL + c.path
		if got, ok, err := p.client(t, nil).EndSession(t.Context(), c.q); got != p.URL+c.want || !ok || err != nil {
			t.Errorf("%s: %s %v %v", name, got, ok, err)
		}
	}
	p := newProvider(t, (*httptest.Server).Start)
	if got, ok, err := p.client(t, nil).EndSession(t.Context(), EndSession{}); got != "" || ok || err != nil {
		t.Errorf("nowhere: %s %v %v", got, ok, err)
	}
	p.document["end_session_endpoint"] = "http://idp.example/logout"
	_, ok, err := p.client(t, nil).EndSession(t.Context(), EndSession{IDTokenHint: "a.b.c"})
	if refusedWith(t, "not https", err, CodeUnreachable); ok || strings.Contains(err.Error(), "a.b.c") {
		t.Error(ok, err)
	}
	p.Close()
	_, ok, err = p.client(t, nil).EndSession(t.Context(), EndSession{})
	if refusedWith(t, "no provider", err, CodeUnreachable); ok {
		t.Error(ok)
	}
}
