package op

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

func TestTheProvidersWordsAreBoundedAndEscaped(t *testing.T) {
	for name, c := range map[string]struct{ code, description, want string }{
		"plain":                 {"invalid_request", "AADSTS900144: The request body must contain 'scope'.", "invalid_request: AADSTS900144: The request body must contain 'scope'."},
		"no description":        {"invalid_request", "", "invalid_request"},
		"lines and colours":     {"a\nb", "c\r\n\x1b[31md é", `a\x0ab: c\x0d\x0a\x1b[31md \xc3\xa9`},
		"a long code":           {strings.Repeat("c", 100), "d", strings.Repeat("c", 61) + "...: d"},
		"a long description":    {"c", strings.Repeat("d", 1000), "c: " + strings.Repeat("d", 253) + "..."},
		"a code of nothing":     {"", "d", ""},
		"somebody's token":      {"c", "bad token eyJhbGciOiJub25lIn0.e30.", "c: " + leftOut},
		"a token for a code":    {"eyJhbGciOiJub25lIn0.e30.", "d", leftOut + ": d"},
		"short words are words": {"no", "c", "no: c"},
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, _ *http.Request) {
			b, _ := json.Marshal(map[string]string{"error": c.code, "error_description": c.description})
			answer{400, "", string(b)}.write(w)
		}
		_, err := p.client(t, nil).Exchange(t.Context(), CodeRequest{Code: "c"})
		if why := whyNot(t, err); why.Said != c.want {
			t.Errorf("%s: %q", name, why.Said)
		}
	}
}

// What was sent comes to no log, however the provider repeats it.
func TestWordsThatRepeatASecretAreLeftOut(t *testing.T) {
	const (
		password = "p4ssw/rd+of=shop"
		code     = "4/0AX4XfWhsecretcodeoftheperson"
		verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
		refresh  = "1//0gRefreshTokenOfThePerson"
		access   = "ya29.AccessTokenOfThePerson"
		state    = "af0ifjsldkjStateOfTheBrowser"
	)
	type call struct {
		method string
		ask    func(*Provider) error
		secret []string
	}
	calls := map[string]call{
		"exchange, basic": {AuthBasic, func(p *Provider) error {
			_, err := p.Exchange(t.Context(), CodeRequest{Code: code, Verifier: verifier})
			return err
		}, []string{password, code, verifier}},
		"exchange, post": {AuthPost, func(p *Provider) error {
			_, err := p.Exchange(t.Context(), CodeRequest{Code: code, Verifier: verifier})
			return err
		}, []string{password, code, verifier}},
		"renew":  {AuthBasic, func(p *Provider) error { _, err := p.Renew(t.Context(), refresh, nil); return err }, []string{password, refresh}},
		"revoke": {AuthBasic, func(p *Provider) error { return p.Revoke(t.Context(), refresh, "") }, []string{password, refresh}},
		"push": {AuthBasic, func(p *Provider) error {
			_, err := p.Push(t.Context(), []oidc.Param{{Name: "state", Value: state}})
			return err
		}, []string{password, state}},
		"userinfo": {AuthBasic, func(p *Provider) error { _, err := p.Userinfo(t.Context(), access, "1"); return err }, []string{access}},
	}
	shapes := map[string]func(string) string{
		"plain":      func(s string) string { return s },
		"in a word":  func(s string) string { return "x" + s + "x" },
		"encoded":    url.QueryEscape,
		"its start":  func(s string) string { return s[:min(len(s), tell)] + "..." },
		"its end":    func(s string) string { return s[max(0, len(s)-tell):] },
		"late":       func(s string) string { return strings.Repeat(".", 250) + s },
		"as it came": func(s string) string { return base64.StdEncoding.EncodeToString([]byte("shop:" + url.QueryEscape(s))) },
	}
	places := map[string]func(string) string{
		"description": func(s string) string {
			return fmt.Sprintf(`{"error":"some_error","error_description":%q}`, "it was "+s)
		},
		"code":   func(s string) string { return fmt.Sprintf(`{"error":%q}`, s) },
		"object": func(s string) string { return fmt.Sprintf(`{"error":{"status":"X","message":%q}}`, s) },
	}
	for name, c := range calls {
		p := everywhere(t)
		client := p.client(t, func(q *Config) { q.Auth = ClientAuth{ID: "shop", Secret: password, Method: c.method} })
		for _, s := range c.secret {
			for how, shape := range shapes {
				if how == "as it came" && (s != password || c.method != AuthBasic) {
					continue
				}
				for where, place := range places {
					for _, status := range []int{200, 400, 401, 500, 503} {
						p.token = func(w http.ResponseWriter, _ *http.Request) { answer{status, "", place(shape(s))}.write(w) }
						p.other = p.token
						why := whyNot(t, c.ask(client))
						if !strings.Contains(why.Said, leftOut) || strings.Contains(why.Error(), shape(s)) || strings.Contains(why.Error(), s) {
							t.Errorf("%s: %.6s... %s in the %s with %d: %v", name, s, how, where, status, why)
						}
					}
				}
			}
		}
	}
}

// What net/http cannot read it repeats in its error.
func TestAnAnswerThatIsNoHTTPRepeatsNothing(t *testing.T) {
	const code = "SplxlOBeZQQYbYS6WxSbIA-of-the-person"
	for name, raw := range map[string]string{
		"a line that is none": "HTTP/1.1 " + code + "\r\n\r\n",
		"a redirect to none":  "HTTP/1.1 302 Found\r\nLocation: ://" + code + "\r\nContent-Length: 0\r\n\r\n",
		"control characters":  "\x1b[31m\x00" + strings.Repeat("\x07", 2000) + "\r\n\r\n",
	} {
		p := newProvider(t, (*httptest.Server).Start)
		p.token = func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			c, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Close()
			_, _ = c.Write([]byte(raw))
		}
		_, err := p.client(t, nil).Exchange(t.Context(), CodeRequest{Code: code})
		text := whyNot(t, err).Error()
		if whyNot(t, err).Code != CodeUnreachable || strings.Contains(text, code) || strings.ContainsAny(text, "\x1b\x00\x07") || len(text) > 400 {
			t.Errorf("%s: %q", name, text)
		}
	}
	p := newProvider(t, (*httptest.Server).Start)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.document["token_endpoint"] = "http://" + l.Addr().String() + "/token"
	_ = l.Close() // nobody answers there
	_, err = p.client(t, nil).Exchange(t.Context(), CodeRequest{Code: code})
	if why := whyNot(t, err); why.Code != CodeUnreachable || !strings.Contains(err.Error(), "refused") {
		t.Error(err)
	}
}
