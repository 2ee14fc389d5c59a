package op

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/protocol/oidc"
)

// A provider repeats in its error what it was sent: the whole of it, a part, or in its
// header. None of that comes to a log.
func TestWordsThatRepeatASecretAreLeftOut(t *testing.T) {
	const secret = "Zq4t7w9zCaFcJdNcRfUjXn2r5u8xAbDe"
	sent := url.Values{"token": {secret}, "code": {"c0de-c0de-c0de"}, "scope": {"openid email profile"}, "login_hint": {"ada@example.com"}}
	for description, hidden := range map[string]bool{
		"it is over": false,
		"":           false,
		"the scope openid email profile is not known":  false, // no secret, and helps
		"unknown token " + secret:                      true,
		"unknown token " + secret[:16] + "...":         true,
		"unknown token ..." + secret[20:]:              true,
		"unknown token " + secret[:repeated]:           true,
		"unknown token " + secret[:repeated-1] + "...": false,
		"token=" + url.QueryEscape(secret) + "&x=1":    true,
		"the code 'c0de-c0de-c0de' was used before":    true,
		"no account ada@example.com":                   true,
		"the password hunter2 is wrong":                true,
		strings.Repeat("x", 250) + secret:              true, // its beginning could be shown
		strings.Repeat("x", 250) + secret[:20]:         true,
		strings.Repeat("x", 300) + secret[:20]:         false, // is not shown
	} {
		said := &oidc.ProviderError{Code: "invalid_grant", Description: description}
		got := withoutSecrets(said, secretsOf(sent, "hunter2"))
		if strings.Contains(got, leftOut) != hidden || !strings.HasPrefix(got, "invalid_grant") || said.Description != description {
			t.Errorf("%q: %q", description, got)
		}
		if strings.Contains(got, secret[:repeated]) || strings.Contains(got, "hunter2") || strings.Contains(got, "ada@") {
			t.Errorf("%q: %q", description, got)
		}
	}
	if got := withoutSecrets(&oidc.ProviderError{Code: secret, Description: "no"}, []string{secret}); got != leftOut+": no" {
		t.Error(got)
	}
	if got := withoutSecrets(&oidc.ProviderError{Code: "no"}, []string{"", "n"}); got != "no" { // in every text
		t.Error(got)
	}
}

// A token that was not sent is somebody's all the same.
func TestWordsThatHoldATokenAreLeftOut(t *testing.T) {
	const token = "eyJhbGciOiJub25lIn0.e30."
	for _, said := range []oidc.ProviderError{{Code: "no", Description: "bad " + token}, {Code: token, Description: "no"}} {
		if got := withoutSecrets(&said, nil); strings.Contains(got, "eyJ") || !strings.Contains(got, leftOut) || !strings.Contains(got, "no") {
			t.Errorf("%q", got)
		}
	}
	if got := unanswered(errors.New("malformed header "+token), nil).Error(); got != leftOut {
		t.Error(got)
	}
}

// The same over the wire, by each request with each of its secrets.
func TestNoSecretComesBackByAnError(t *testing.T) {
	for name, secret := range map[string]string{"code": codeRequest.Code, "verifier": codeRequest.Verifier, "client secret": "s/e c:ret+% of the client", "refresh token": "8xLOxBtZp8/of+Ada", "access token": "SlAV32hkKG-SlAV32hkKG", "state": "af0ifjsldkj-af0ifjsldkj"} {
		for _, auth := range []string{AuthBasic, AuthPost} {
			for _, repeat := range []string{secret, url.QueryEscape(secret), base64.StdEncoding.EncodeToString([]byte("shop:" + url.QueryEscape(secret)))} {
				if strings.HasPrefix(repeat, "c2hvcD") && (name != "client secret" || auth != AuthBasic) { // what Basic sends
					continue
				}
				words, err := json.Marshal(map[string]string{"error": "no", "error_description": "what is " + repeat + "?"})
				if err != nil {
					t.Fatal(err)
				}
				p := everything(t)
				client := p.client(t, func(c *Config) {
					c.Auth = ClientAuth{ID: "shop", Secret: "s/e c:ret+% of the client", Method: auth}
				})
				p.record(t, answer{400, "", string(words)})
				_, exchange := client.Exchange(t.Context(), codeRequest)
				_, renew := client.Renew(t.Context(), "8xLOxBtZp8/of+Ada", nil)
				_, push := client.Push(t.Context(), []oidc.Param{{Name: "state", Value: "af0ifjsldkj-af0ifjsldkj"}})
				_, userinfo := client.Userinfo(t.Context(), "SlAV32hkKG-SlAV32hkKG", "1")
				all := map[string]error{"exchange": exchange, "renew": renew, "push": push, "userinfo": userinfo, "revoke": client.Revoke(t.Context(), "8xLOxBtZp8/of+Ada", "")}
				hidden := map[string][]string{"exchange": {"code", "verifier", "client secret"}, "renew": {"refresh token", "client secret"}, "push": {"state", "client secret"}, "userinfo": {"access token"}, "revoke": {"refresh token", "client secret"}}
				for what, err := range all {
					if err == nil {
						t.Fatalf("%s: no error", what)
					}
					for _, h := range hidden[what] {
						if h == name && (strings.Contains(err.Error(), repeat) || !strings.Contains(err.Error(), leftOut)) {
							t.Errorf("%s, %s by %s: %v", name, what, auth, err)
						}
					}
				}
			}
		}
	}
}

func TestAnErrorInTheHeader(t *testing.T) {
	for header, want := range map[string]string{
		`Bearer error="invalid_token", error_description="The access token expired"`: "invalid_token: The access token expired", // RFC 6750 section 3
		`Bearer realm="example",error="insufficient_scope",scope="openid"`:           "insufficient_scope",
		`Bearer error_description="first",error="invalid_token"`:                     "invalid_token: first",
		`Bearer xerror="a", error="b"`:                                               "b",
		`error="b"`:                                                                  "b",
		`Bearer error="unclosed`:                                                     "unclosed",
		`Bearer error="a` + "\t" + `b"`:                                              `a\x09b`,
		`Bearer realm="x"`:                                                           "",
		`Bearer error=""`:                                                            "",
		`Bearer error=bare`:                                                          "",
		``:                                                                           "",
		`Bearer error="invalid_token", error_description="SlAV32hkKG-SlAV32 is no one"`: "invalid_token: " + leftOut,
	} {
		p := everything(t)
		p.record(t, answer{401, "WWW-Authenticate: " + header, ""})
		_, err := p.client(t, nil).Userinfo(t.Context(), "SlAV32hkKG-SlAV32hkKG", "1")
		if why := refusedWith(t, header, err, CodeAccess); why.Said != want {
			t.Errorf("%s: %q, want %q", header, why.Said, want)
		}
	}
	// With status 200 nobody is challenged.
	p := everything(t)
	p.record(t, answer{200, `WWW-Authenticate: Bearer error="invalid_token"`, `{"sub":"1"}`})
	if _, err := p.client(t, nil).Userinfo(t.Context(), "t", "1"); err != nil {
		t.Error(err)
	}
}
