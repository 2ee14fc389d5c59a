package op

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// refusedWith fails unless err is an *Error of this code.
func refusedWith(t *testing.T, what string, err error, code string) *Error {
	t.Helper()
	var why *Error
	if !errors.As(err, &why) || why.Code != code {
		t.Errorf("%s: %v, want %s", what, err, code)
		return &Error{}
	}
	return why
}

func TestWhatTheTokenEndpointRefuses(t *testing.T) {
	grant := `{"error":"invalid_grant","error_description":"it is over"}`
	for name, c := range map[string]struct {
		answer                          answer
		exchange, renew, said, contains string // renew "": as exchange
	}{
		"a code that is over":         {answer{400, "", grant}, CodeRefused, CodeGrantOver, "invalid_grant: it is over", "status 400, and it said invalid_grant"},
		"with status 401":             {answer{401, "", grant}, CodeRefused, CodeGrantOver, "invalid_grant: it is over", ""},
		"with status 200":             {answer{200, "", grant}, CodeRefused, CodeGrantOver, "invalid_grant: it is over", ""},
		"with status 200, and tokens": {answer{200, "", `{"error":"invalid_grant","id_token":"a.b.c","access_token":"t"}`}, CodeRefused, CodeGrantOver, "invalid_grant", ""},
		"of Slack":                    {answer{200, "", `{"ok":false,"error":"invalid_code"}`}, CodeRefused, CodeNotTaken, "invalid_code", ""},
		"a scope":                     {answer{400, "", `{"error":"invalid_scope"}`}, CodeRefused, CodeNotTaken, "invalid_scope", ""},
		"without a word":              {answer{400, "", ``}, CodeRefused, CodeNotTaken, "", "status 400"},
		"as a page":                   {answer{403, "Content-Type: text/html", `<html>no`}, CodeRefused, CodeNotTaken, "", ""},
		"as a page that is long":      {answer{404, "", strings.Repeat("x", 1<<20)}, CodeRefused, CodeNotTaken, "", ""},
		"down":                        {answer{500, "", `{"error":"server_error"}`}, CodeUnreachable, "", "server_error", "status 500"},
		"no gateway, at length":       {answer{502, "", strings.Repeat("x", 1<<20)}, CodeUnreachable, "", "", ""},
		"a redirect":                  {answer{307, "Location: /token", ""}, CodeMalformed, "", "", "redirect, which is not followed"},
		"a redirect to elsewhere":     {answer{302, "Location: https://evil.example/", ""}, CodeMalformed, "", "", "redirect, which is not followed"},
		"a redirect to no URL":        {answer{302, "Location: http://[SplxlOBeZQQYbYS6WxSbIA", ""}, CodeUnreachable, "", "", "left out: it repeats what was sent"},
		"a page":                      {answer{200, "Content-Type: text/html", `<html>`}, CodeMalformed, "", "", "not a JSON object"},
		"two byte order marks":        {answer{200, "", "\ufeff\ufeff" + good.body}, CodeMalformed, "", "", "not a JSON object"},
		"a refusal that is accepted":  {answer{202, "", grant}, CodeRefused, CodeGrantOver, "invalid_grant: it is over", ""},
		"no content":                  {answer{204, "", ""}, CodeMalformed, "", "", ""},
		"a rule that changed":         {answer{400, "", `{"error":"interaction_required"}`}, CodeRefused, CodeGrantOver, "interaction_required", ""},
		"a consent that is gone":      {answer{400, "", `{"error":"consent_required"}`}, CodeRefused, CodeGrantOver, "consent_required", ""},
		"somebody who is signed out":  {answer{400, "", `{"error":"login_required"}`}, CodeRefused, CodeGrantOver, "login_required", ""},
		"a token twice":               {answer{200, "", `{"id_token":"a.b.c","id_token":"d.e.f"}`}, CodeMalformed, "", "", "id_token appears twice"},
		"a token bound to a key":      {answer{200, "", `{"id_token":"a.b.c","access_token":"t","token_type":"DPoP"}`}, CodeMalformed, "", "", "token_type"},
		"nothing":                     {answer{200, "", `{}`}, CodeNoIDToken, CodeMalformed, "", ""},
		"no ID token":                 {answer{200, "", `{"access_token":"t","id_token":null}`}, CodeNoIDToken, "-", "", "status 200"},
		"no access token":             {answer{200, "", `{"id_token":"a.b.c"}`}, "-", CodeMalformed, "", "no access token"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		got := p.record(t, c.answer)
		client := p.client(t, func(conf *Config) { conf.Auth = ClientAuth{ID: "shop", Secret: "hunter2"} })
		_, exchange := client.Exchange(t.Context(), codeRequest)
		_, renew := client.Renew(t.Context(), "8xLOxBtZp8", nil)
		if c.renew == "" {
			c.renew = c.exchange
		}
		for _, did := range []struct {
			err  error
			code string
		}{{exchange, c.exchange}, {renew, c.renew}} {
			if did.code == "-" { // it is good for this
				if did.err != nil {
					t.Errorf("%s: %v", name, did.err)
				}
				continue
			}
			why := refusedWith(t, name, did.err, did.code)
			if c.said != why.Said || why.Status != c.answer.status && why.Status != 0 {
				t.Errorf("%s: status %d, said %q: %v", name, why.Status, why.Said, did.err)
			}
		}
		if first := cmp.Or(exchange, renew); !strings.Contains(first.Error(), c.contains) {
			t.Errorf("%s: %v", name, first)
		}
		if len(*got) != 2 {
			t.Errorf("%s: asked %d times", name, len(*got))
		}
		for _, did := range []struct {
			err     error
			secrets []string
		}{{exchange, []string{codeRequest.Code, codeRequest.Verifier}}, {renew, []string{"8xLOxBtZp8"}}} {
			for _, secret := range append(did.secrets, "hunter2", "a.b.c", "d.e.f") {
				if did.err != nil && strings.Contains(did.err.Error(), secret) {
					t.Errorf("%s: the error has a secret: %v", name, did.err)
				}
			}
		}
	}
}

// Some gateways say Created, some serializers write a byte order mark.
func TestTokensThatComeInAnotherWay(t *testing.T) {
	for name, a := range map[string]answer{"created": {201, "", good.body}, "a byte order mark": {200, "", "\ufeff" + good.body}} {
		p := newProvider(t, (*httptest.Server).Start)
		p.record(t, a)
		client := p.client(t, nil)
		if _, err := client.Exchange(t.Context(), codeRequest); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := client.Renew(t.Context(), "8xLOxBtZp8", nil); err != nil {
			t.Errorf("%s, renewed: %v", name, err)
		}
	}
}

func TestARefreshTokenToTheByte(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	got := p.record(t, answer{200, "", `{"access_token":"t","token_type":"bearer","expires_in":"3600","refresh_token":"new","scope":["a","b"]}`}, answer{200, "", `{"access_token":"t"}`})
	client := p.client(t, func(c *Config) { c.Auth = ClientAuth{ID: "s6BhdRkqt3", Secret: "gX1fBat3bV"} })
	tokens, err := client.Renew(t.Context(), "tGzv3JOkF0XG5Qx2TlKWIA", nil)
	if err != nil || tokens.AccessToken != "t" || tokens.RefreshToken != "new" || tokens.ExpiresIn != 3600 || tokens.Scope != "a b" {
		t.Errorf("%+v %v", tokens, err)
	}
	if tokens, err = client.Renew(t.Context(), "tGzv3JOkF0XG5Qx2TlKWIA", []string{"openid", "email"}); err != nil || tokens.RefreshToken != "" {
		t.Errorf("%+v %v", tokens, err)
	}
	for i, body := range []string{ // RFC 6749 section 6
		"grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA",
		"grant_type=refresh_token&refresh_token=tGzv3JOkF0XG5Qx2TlKWIA&scope=openid+email",
	} {
		if want := (wire{"POST", "/token", "Basic czZCaGRSa3F0MzpnWDFmQmF0M2JW", "application/x-www-form-urlencoded", "application/json", body}); (*got)[i] != want {
			t.Errorf("%+v", (*got)[i])
		}
	}
}

// A request whose sign-in had no PKCE sends no verifier, not an empty one.
func TestACodeWithoutPKCE(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	got := p.record(t, good)
	if _, err := p.client(t, nil).Exchange(t.Context(), CodeRequest{Code: "c", RedirectURI: "u"}); err != nil || (*got)[0].body != "client_id=&code=c&grant_type=authorization_code&redirect_uri=u" {
		t.Errorf("%+v %v", *got, err)
	}
}

// Too large is said with the number and the setting, never as "no ID token".
func TestSizesAreSettings(t *testing.T) {
	token := func(n int) answer { return answer{200, "", `{"id_token":"` + strings.Repeat("a", n) + `"}`} }
	for name, c := range map[string]struct {
		idToken, answer int
		got             answer
		setting, says   string
	}{
		"an ID token of 16 KiB":                 {0, 0, token(16 << 10), "", ""},
		"a byte more":                           {0, 0, token(16<<10 + 1), "MaxIDToken", "the ID token has 16385 bytes, more than 16384"},
		"400 groups, with the setting":          {32 << 10, 0, token(21 << 10), "", ""},
		"the largest of all":                    {256 << 10, 0, token(256 << 10), "", ""},
		"one more than a setting":               {32 << 10, 0, token(32<<10 + 1), "MaxIDToken", "more than 32768"},
		"an answer of 64 KiB":                   {0, 0, answer{200, "", `{"id_token":"a.b.c"}` + strings.Repeat(" ", 64<<10-20)}, "", ""},
		"an answer with one more":               {0, 0, answer{200, "", `{"id_token":"a.b.c"}` + strings.Repeat(" ", 64<<10-19)}, "MaxAnswer", "the answer is longer than 65536 bytes"},
		"an answer as large as a setting":       {0, 100 << 10, answer{200, "", `{"id_token":"a.b.c"}` + strings.Repeat(" ", 100<<10-20)}, "", ""},
		"an answer larger than a small setting": {0, 1 << 10, answer{200, "", `{"id_token":"a.b.c"}` + strings.Repeat(" ", 1<<10)}, "MaxAnswer", "the answer is longer than 1024 bytes"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.record(t, c.got)
		_, err := p.client(t, func(conf *Config) { conf.MaxIDToken, conf.MaxAnswer = c.idToken, c.answer }).Exchange(t.Context(), codeRequest)
		if c.setting == "" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		why := refusedWith(t, name, err, CodeTooLarge)
		if why.Setting != c.setting || !strings.Contains(err.Error(), c.says) || !strings.Contains(err.Error(), "the setting "+c.setting+" could help") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A document that cannot be had, or names no endpoint, is not the endpoint's fault.
func TestAProviderThatIsNotThere(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	delete(p.document, "token_endpoint")
	_, err := p.client(t, nil).Exchange(t.Context(), codeRequest)
	if why := refusedWith(t, "no endpoint", err, CodeNoEndpoint); !strings.Contains(err.Error(), "token_endpoint") || why.After.Known {
		t.Error(err)
	}
	p.Close()
	client := p.client(t, nil)
	_, err = client.Exchange(t.Context(), codeRequest)
	refusedWith(t, "no provider", err, CodeUnreachable)
	_, err = client.Exchange(t.Context(), codeRequest)
	if why := refusedWith(t, "left alone", err, CodeUnreachable); !why.After.Known || why.After.Duration != time.Second {
		t.Errorf("%+v", why.After)
	}
}

func TestAnAnswerThatEndsEarlyIsNone(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	p.token = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write([]byte(good.body))
	}
	_, err := p.client(t, nil).Exchange(t.Context(), codeRequest)
	if why := refusedWith(t, "cut", err, CodeUnreachable); why.Status != 200 {
		t.Error(err)
	}
	p.token = func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
	_, err = p.client(t, nil).Exchange(t.Context(), codeRequest)
	refusedWith(t, "aborted", err, CodeUnreachable)
}

func TestTheEndOfAContextCanBeTold(t *testing.T) {
	p := newProvider(t, (*httptest.Server).Start)
	client := p.client(t, nil)
	if _, err := client.Metadata(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	p.token = func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // or the server does not see the client go
		cancel()
		<-r.Context().Done()
	}
	_, err := client.Exchange(ctx, codeRequest)
	if refusedWith(t, "cancelled", err, CodeUnreachable); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
