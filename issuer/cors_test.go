package issuer_test

import (
	"net/http"
	"testing"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestOnlyOwnAndAllowedOriginsAskForTokens(t *testing.T) {
	const partner, evil = "https://partner.example", "https://evil.example"
	asked := 0
	f := serve(t, func(_ *fixture, c *issuer.Config) {
		c.AllowedOrigins = []string{partner}
		c.Facts = func(*http.Request) (issuer.Facts, error) { asked++; return issuer.Facts{}, nil }
	})
	req, _, err := pst.Begin(keyOne.PublicKey(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{issuer.IssuePath, issuer.TrustTokenPath} {
		for _, c := range []struct {
			name, allowOrigin, credentials string
			granted                        bool
			headers                        []string
		}{
			{"own page, POST", self, "true", true, []string{"Origin", self, "Sec-Fetch-Site", "same-origin"}},
			{"own page, GET", "", "", true, []string{"Sec-Fetch-Site", "same-origin"}},
			{"no browser", "", "", true, nil},
			{"partner", partner, "true", true, []string{"Origin", partner, "Sec-Fetch-Site", "cross-site"}},
			{"stranger", "*", "", false, []string{"Origin", evil, "Sec-Fetch-Site", "cross-site"}},
			{"redirected or sandboxed", "*", "", false, []string{"Origin", "null"}},
			{"same host, other scheme", "*", "", false, []string{"Origin", "http://issuer.example"}},
			{"same host, other port", "*", "", false, []string{"Origin", self + ":8443"}},
			{"origin in another spelling", "*", "", false, []string{"Origin", "https://ISSUER.example"}},
			{"two origins", "*", "", false, []string{"Origin", self, "Origin", evil}},
			{"stranger without CORS", "", "", false, []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors"}},
			{"other site of the same owner without CORS", "", "", false, []string{"Sec-Fetch-Site", "same-site"}},
		} {
			asked = 0
			r := f.send("POST", path, req.Bytes(), c.headers...)
			if granted := r.status == 200; granted != c.granted || granted != (asked == 1) {
				t.Errorf("%s, %s: %d, facts asked %d times", path, c.name, r.status, asked)
			}
			if !c.granted && (r.status != 403 || r.code() != "origin_not_allowed") {
				t.Errorf("%s, %s: %d %s", path, c.name, r.status, r.body)
			}
			if got := r.header.Get("Access-Control-Allow-Origin"); got != c.allowOrigin {
				t.Errorf("%s, %s: allowed origin %q, want %q", path, c.name, got, c.allowOrigin)
			}
			if got := r.header.Get("Access-Control-Allow-Credentials"); got != c.credentials {
				t.Errorf("%s, %s: allowed credentials %q", path, c.name, got)
			}
			if r.header.Get("Vary") != "Origin" {
				t.Errorf("%s, %s: Vary %q", path, c.name, r.header.Get("Vary"))
			}
		}
	}
}

func TestEveryOriginRedeemsWithoutCredentials(t *testing.T) {
	f := serve(t, nil)
	tokens := f.issue("POST", issuer.IssuePath, 10)
	for _, path := range []string{issuer.RedeemPath, issuer.TrustTokenPath} {
		for i, origin := range []string{news, self, "null", "https://x.example:444", ""} {
			headers := []string{"Sec-Fetch-Site", "cross-site"}
			if origin != "" {
				headers = append(headers, "Origin", origin)
			}
			tok := tokens[i]
			if path == issuer.TrustTokenPath {
				tok = tokens[5+i]
			}
			r := f.send("POST", path, redemption(tok, news), headers...)
			if r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %q: %d %v", path, origin, r.status, r.header)
			}
			// The page may read why it was refused, too.
			again := f.send("POST", path, redemption(tok, news), headers...)
			if again.status != 409 || again.header.Get("Access-Control-Allow-Origin") != "*" {
				t.Errorf("%s from %q, again: %d %v", path, origin, again.status, again.header)
			}
		}
	}
}

func TestPreflights(t *testing.T) {
	f := serve(t, nil)
	for _, c := range []struct {
		path, origin string
		status       int
		allow        string
	}{
		{issuer.IssuePath, self, 204, self},
		{issuer.IssuePath, news, 403, "*"},
		{issuer.RedeemPath, news, 204, "*"},
		{issuer.TrustTokenPath, self, 204, self},
		{issuer.TrustTokenPath, news, 204, "*"},
	} {
		r := f.do("OPTIONS", c.path, "Origin", c.origin, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "content-type")
		if r.status != c.status || r.header.Get("Access-Control-Allow-Origin") != c.allow {
			t.Errorf("OPTIONS %s from %s: %d %v", c.path, c.origin, r.status, r.header)
		}
		if r.status == 204 && r.header.Get("Access-Control-Allow-Methods") != "GET, POST" {
			t.Errorf("OPTIONS %s from %s: %v", c.path, c.origin, r.header)
		}
	}
}
