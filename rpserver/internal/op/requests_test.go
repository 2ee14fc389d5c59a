package op

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/jwks"
	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// RFC 6749 section 6, RFC 7009 section 2.1, RFC 9126 section 2.1.
func TestTheOtherRequestsAsTheRFCsWriteThem(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.document["revocation_endpoint"] = p.URL + "/other/revoke"
	p.document["pushed_authorization_request_endpoint"] = p.URL + "/other/par"
	p.document["userinfo_endpoint"] = p.URL + "/other/userinfo"
	c := p.client(t, func(c *Config) { c.Auth = theRFCs })
	post := func(path, body string) sent {
		return sent{"POST", path, theRFCsBasic, theForm, "application/json", body}
	}
	for name, q := range map[string]struct {
		then answer
		ask  func() error
		want sent
	}{
		"refresh": {answer{200, "", `{"access_token":"a"}`}, func() error { _, err := c.Renew(t.Context(), "tGzv3JOkF0XG5Qx2TlKWIA", nil); return err },
			post("/token", "grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA")},
		"refresh with fewer scopes": {answer{200, "", `{"access_token":"a"}`}, func() error { _, err := c.Renew(t.Context(), "r", []string{"openid", "email"}); return err },
			post("/token", "grant_type=refresh_token&refresh_token=r&scope=openid+email")},
		"revoke": {answer{200, "", ""}, func() error { return c.Revoke(t.Context(), "45ghiukldjahdnhzdauz", "refresh_token") },
			post("/other/revoke", "token=45ghiukldjahdnhzdauz&token_type_hint=refresh_token")},
		"revoke without a hint": {answer{200, "", ""}, func() error { return c.Revoke(t.Context(), "t", "") },
			post("/other/revoke", "token=t")},
		"push": {answer{201, "", `{"request_uri":"urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c","expires_in":60}`}, func() error {
			uri, err := c.Push(t.Context(), []oidc.Param{{Name: "response_type", Value: "code"}, {Name: "state", Value: "af0ifjsldkj"},
				{Name: "resource", Value: "a"}, {Name: "resource", Value: "b"}, {Name: "client_id", Value: "s6BhdRkqt3"}})
			if err == nil && uri != "urn:ietf:params:oauth:request_uri:6esc_11ACC5bwc014ltc14eY22c" {
				t.Error(uri)
			}
			return err
		}, post("/other/par", "client_id=s6BhdRkqt3&resource=a&resource=b&response_type=code&state=af0ifjsldkj")},
		"userinfo": {answer{200, "", `{"sub":"1"}`}, func() error { _, err := c.Userinfo(t.Context(), "SlAV32hkKG", "1"); return err },
			sent{"GET", "/other/userinfo", "Bearer SlAV32hkKG", "", "application/json", ""}},
	} {
		var got []sent
		p.token = record(t, &got, q.then)
		p.other = p.token
		if err := q.ask(); err != nil || len(got) != 1 || got[0] != q.want {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, q.want)
		}
	}
}

func everywhere(t *testing.T) *provider {
	t.Helper()
	p := newProvider(t, (*httptest.Server).Start)
	for _, member := range []string{"revocation", "pushed_authorization_request", "userinfo", "end_session"} {
		p.document[member+"_endpoint"] = p.URL + "/other/" + member
	}
	return p
}

func TestWhatTheOtherEndpointsMayAnswer(t *testing.T) {
	p := everywhere(t)
	c := p.client(t, func(c *Config) { c.Auth = theRFCs })
	userinfo := func() error { _, err := c.Userinfo(t.Context(), "SlAV32hkKG", "1"); return err }
	push := func() error { _, err := c.Push(t.Context(), []oidc.Param{{Name: "state", Value: "s"}}); return err }
	revoke := func() error { return c.Revoke(t.Context(), "t0ken", "refresh_token") }
	for name, q := range map[string]struct {
		answer
		ask        func() error
		code, says string
	}{
		"userinfo: about somebody else":    {answer{200, "", `{"sub":"2"}`}, userinfo, CodeOtherPerson, "another person"},
		"userinfo: about nobody":           {answer{200, "", `{"name":"Ada"}`}, userinfo, CodeMalformed, "sub"},
		"userinfo: about a number":         {answer{200, "", `{"sub":1}`}, userinfo, CodeMalformed, "sub"},
		"userinfo: a page":                 {answer{200, "", `<html>`}, userinfo, CodeMalformed, "JSON"},
		"userinfo: an old access token":    {answer{401, "", `{"error":"invalid_token"}`}, userinfo, CodeAccess, "invalid_token"},
		"userinfo: the same without words": {answer{401, "", ""}, userinfo, CodeAccess, "401"},
		"userinfo: the same with 200":      {answer{200, "", `{"error":"invalid_token"}`}, userinfo, CodeAccess, "invalid_token"},
		"userinfo: an object of Google":    {answer{403, "", `{"error":{"code":403,"status":"PERMISSION_DENIED","message":"no"}}`}, userinfo, CodeAccess, "PERMISSION_DENIED: no"},
		"userinfo: busy":                   {answer{503, "9", ""}, userinfo, CodeBusy, "503"},
		"userinfo: too long":               {answer{200, "", strings.Repeat(" ", maxAnswer+1)}, userinfo, CodeTooLarge, "MaxAnswer"},
		"push: good":                       {answer{201, "", `{"request_uri":"urn:x","expires_in":60}`}, push, "", ""},
		"push: 200 is as good":             {answer{200, "", `{"request_uri":"urn:x"}`}, push, "", ""},
		"push: refused":                    {answer{400, "", `{"error":"invalid_request"}`}, push, CodeRefused, "invalid_request"},
		"push: refused with 201":           {answer{201, "", `{"error":"invalid_request","request_uri":"urn:x"}`}, push, CodeRefused, "invalid_request"},
		"push: a wrong secret":             {answer{401, "", `{"error":"invalid_client"}`}, push, CodeClient, "ClientSecret"},
		"push: nothing":                    {answer{201, "", `{}`}, push, CodeMalformed, "pushed authorization request: answer_invalid: "},
		"push: a long one":                 {answer{201, "", `{"request_uri":"` + strings.Repeat("u", 2<<10+1) + `"}`}, push, CodeMalformed, "2 KiB"},
		"revoke: good":                     {answer{200, "", ""}, revoke, "", ""},
		"revoke: 204 is as good":           {answer{204, "", ""}, revoke, "", ""},
		"revoke: over already":             {answer{400, "", `{"error":"invalid_token"}`}, revoke, "", ""},
		"revoke: a wrong secret":           {answer{401, "", ``}, revoke, CodeClient, "ClientSecret"},
		"revoke: not this kind":            {answer{400, "", `{"error":"unsupported_token_type"}`}, revoke, CodeRefused, "unsupported_token_type"},
		"revoke: refused with 200":         {answer{200, "", `{"error":"invalid_request"}`}, revoke, CodeRefused, "invalid_request"},
		"revoke: busy":                     {answer{503, "60", ""}, revoke, CodeBusy, "503"},
	} {
		p.other = func(w http.ResponseWriter, _ *http.Request) { q.write(w) }
		err := q.ask()
		if q.code == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
		} else if why := whyNot(t, err); why.Code != q.code || why.Status != q.status || !strings.Contains(err.Error(), q.says) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUserinfoIsAskedAgainToo(t *testing.T) {
	p, asked := everywhere(t), 0
	p.other = func(w http.ResponseWriter, _ *http.Request) {
		if asked++; asked == 1 {
			answer{429, "0", ""}.write(w)
			return
		}
		answer{200, "", `{"sub":"1","name":"Ada \ud83d","email":7}`}.write(w)
	}
	u, err := p.client(t, nil).Userinfo(t.Context(), "a", "1")
	if err != nil || asked != 2 || u.Subject != "1" || u.Email != "" {
		t.Errorf("%+v %v, asked %d times", u, err, asked)
	}
}

func TestASignedUserinfoSaysWhatToSet(t *testing.T) {
	p := everywhere(t)
	p.other = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "Application/JWT; charset=utf-8")
		_, _ = w.Write([]byte("a.b.c"))
	}
	_, err := p.client(t, nil).Userinfo(t.Context(), "a", "1")
	if why := whyNot(t, err); why.Code != CodeMalformed || !strings.Contains(err.Error(), "userinfo_signed_response_alg") {
		t.Error(err)
	}
}

// A provider without an endpoint is told from one that cannot be asked, and what leads to
// elsewhere gets nothing.
func TestAnEndpointThatIsNotThere(t *testing.T) {
	calls := map[string]func(*Provider) error{
		"userinfo_endpoint":                     func(c *Provider) error { _, err := c.Userinfo(t.Context(), "a", "1"); return err },
		"pushed_authorization_request_endpoint": func(c *Provider) error { _, err := c.Push(t.Context(), nil); return err },
		"revocation_endpoint":                   func(c *Provider) error { return c.Revoke(t.Context(), "t", "") },
		"token_endpoint":                        func(c *Provider) error { _, err := c.Exchange(t.Context(), CodeRequest{}); return err },
	}
	for member, ask := range calls {
		p := everywhere(t)
		delete(p.document, member)
		switch err := ask(p.client(t, nil)); {
		case member == "revocation_endpoint": // nothing to revoke there
			if err != nil {
				t.Error(err)
			}
		case whyNot(t, err).Code != CodeNoEndpoint || !strings.Contains(err.Error(), member):
			t.Errorf("%s: %v", member, err)
		}
		p.document[member] = "http://idp.example/x"
		if err := ask(p.client(t, nil)); whyNot(t, err).Code != CodeUnreachable || !strings.Contains(err.Error(), "must begin with https://") {
			t.Errorf("%s by http: %v", member, err)
		}
		down := p.client(t, nil)
		p.Close()
		err := ask(down)
		var why *jwks.Error
		if whyNot(t, err).Code != CodeUnreachable || !errors.As(err, &why) {
			t.Errorf("%s, and the provider is down: %v", member, err)
		}
	}
}

func TestWhereToSignOutThere(t *testing.T) {
	whole := EndSession{IDTokenHint: "a.b.c", ClientID: "shop 1", PostLogoutRedirectURI: "https://shop.example/bye?x=1", State: "s&t"}
	const query = "client_id=shop+1&id_token_hint=a.b.c&post_logout_redirect_uri=https%3A%2F%2Fshop.example%2Fbye%3Fx%3D1&state=s%26t"
	long := whole
	long.IDTokenHint = strings.Repeat("a", maxHint+1)
	for name, c := range map[string]struct {
		at   string
		ask  EndSession
		want string
	}{
		"plain":                   {"/out", whole, "/out?" + query},
		"with a query of its own": {"/out?p=a;b%2f", whole, "/out?p=a;b%2f&" + query},
		"without anything":        {"/out?p=1", EndSession{}, "/out?p=1"},
		"a hint that is too long": {"/out", long, "/out?" + strings.Replace(query, "id_token_hint=a.b.c&", "", 1)},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.document["end_session_endpoint"] = p.URL + c.at
		got, ok, err := p.client(t, nil).EndSession(t.Context(), c.ask)
		if err != nil || !ok || got != p.URL+c.want {
			t.Errorf("%s: %q %v %v", name, got, ok, err)
		}
		if _, err := url.Parse(got); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	p := newProvider(t, (*httptest.Server).Start)
	c := p.client(t, nil)
	if got, ok, err := c.EndSession(t.Context(), whole); got != "" || ok || err != nil {
		t.Errorf("a provider without: %q %v %v", got, ok, err)
	}
	p.document["end_session_endpoint"] = "http://idp.example/out"
	if got, ok, err := p.client(t, nil).EndSession(t.Context(), whole); got != "" || ok || err == nil {
		t.Errorf("by http: %q %v %v", got, ok, err)
	}
	down := p.client(t, nil)
	p.Close()
	if got, ok, err := down.EndSession(t.Context(), whole); got != "" || ok || err == nil {
		t.Errorf("a provider that is down: %q %v %v", got, ok, err)
	}
}
