package issuer_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const keeper = "https://keeper.example"

func withPolyfill(_ *fixture, c *issuer.Config) { c.Polyfill = true }

// script sends a message as the polyfill's scripts do.
func (f *fixture) script(path string, message []byte, headers ...string) reply {
	f.t.Helper()
	return f.do("POST", path, append([]string{exchange.Polyfill.Token, base64.StdEncoding.EncodeToString(message),
		exchange.Polyfill.Version, pst.Version}, headers...)...)
}

// blind begins an issuance and finishes it with the value of a token header.
func blind(t *testing.T, n int) ([]byte, func(value string) []pst.Token) {
	t.Helper()
	req, pending, err := pst.Begin(keyOne.PublicKey(), n)
	if err != nil {
		t.Fatal(err)
	}
	return req.Bytes(), func(value string) []pst.Token {
		t.Helper()
		raw, err := base64.StdEncoding.DecodeString(value)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := pst.ParseIssueResponse(raw)
		if err != nil {
			t.Fatal(err)
		}
		tokens, err := pending.Finish(resp)
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
}

func TestPolyfillIssuesAndRedeems(t *testing.T) {
	f := serve(t, withPolyfill)
	msg, finish := blind(t, 5)
	r := f.script(issuer.PolyfillIssuePath, msg, "Origin", self)
	if r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != self || r.header.Get("Access-Control-Allow-Credentials") != "true" ||
		r.header.Get("Access-Control-Expose-Headers") != "Private-State-Token" {
		t.Fatalf("issuance: %d %v %s", r.status, r.header, r.body)
	}
	tokens := finish(r.header.Get("Private-State-Token"))
	if len(tokens) != 5 {
		t.Fatalf("%d tokens", len(tokens))
	}
	r = f.script(issuer.PolyfillRedeemPath, redemption(tokens[0], news), "Origin", keeper)
	if r.status != 200 || r.header.Get("Access-Control-Allow-Origin") != "*" || r.header.Get("Access-Control-Allow-Credentials") != "" ||
		r.header.Get("Access-Control-Expose-Headers") != "Private-State-Token, Private-State-Token-Lifetime" {
		t.Fatalf("redemption: %d %v %s", r.status, r.header, r.body)
	}
	rec := f.judge(r.header.Get("Private-State-Token"))
	if rec.Via != pst.ViaPolyfill || rec.Origin != news {
		t.Errorf("record %+v", rec)
	}
	if got := r.header.Get("Private-State-Token-Lifetime"); got != "86249" {
		t.Errorf("lifetime %q", got)
	}
	for _, name := range []string{pst.HeaderToken, pst.HeaderLifetime} {
		if v := r.header.Values(name); v != nil {
			t.Errorf("a script was answered in %s: %q", name, v)
		}
	}
	// One memory for both ways.
	if r := f.send("POST", issuer.RedeemPath, redemption(tokens[0], news)); r.code() != "already_spent" {
		t.Errorf("spent by the polyfill, then natively: %d %s", r.status, r.body)
	}
	f.redeem("POST", issuer.RedeemPath, tokens[1], news)
	if r := f.script(issuer.PolyfillRedeemPath, redemption(tokens[1], news)); r.code() != "already_spent" {
		t.Errorf("spent natively, then by the polyfill: %d %s", r.status, r.body)
	}
}

func TestPolyfillIsOffUnlessAskedFor(t *testing.T) {
	f := serve(t, nil)
	msg, _ := blind(t, 1)
	for _, path := range []string{issuer.PolyfillIssuePath, issuer.PolyfillRedeemPath} {
		if r := f.script(path, msg, "Origin", self); r.status != 404 || r.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: %d %v", path, r.status, r.header)
		}
		if r := f.do("OPTIONS", path, "Origin", self, "Access-Control-Request-Method", "POST"); r.status != 404 {
			t.Errorf("OPTIONS %s: %d", path, r.status)
		}
	}
}

func TestNeitherWayReadsTheHeadersOfTheOther(t *testing.T) {
	f := serve(t, withPolyfill)
	issue, finish := blind(t, 2)
	tokens := finish(f.script(issuer.PolyfillIssuePath, issue).header.Get("Private-State-Token"))
	f.store.spends = 0
	for path, msg := range map[string][]byte{
		issuer.PolyfillIssuePath: issue, issuer.PolyfillRedeemPath: redemption(tokens[0], news),
		issuer.IssuePath: issue, issuer.RedeemPath: redemption(tokens[0], news), issuer.TrustTokenPath: redemption(tokens[0], news),
	} {
		own, other := exchange.Native, exchange.Polyfill
		if path == issuer.PolyfillIssuePath || path == issuer.PolyfillRedeemPath {
			own, other = other, own
		}
		b64 := base64.StdEncoding.EncodeToString(msg)
		for _, c := range []struct {
			want    string
			headers []string
		}{
			{"token_header_missing", []string{other.Token, b64, other.Version, pst.Version}},
			{"token_header_missing", []string{other.Token, b64, own.Version, pst.Version}},
			{"version_missing", []string{own.Token, b64, other.Version, pst.Version}},
			{"not_base64", []string{own.Token, "!", own.Version, pst.Version, other.Token, b64, other.Version, pst.Version}},
		} {
			if r := f.do("POST", path, c.headers...); r.status != 400 || r.code() != c.want {
				t.Errorf("%s, %v: %d %s, want %s", path, c.headers[0], r.status, r.body, c.want)
			}
		}
	}
	if f.store.spends != 0 {
		t.Errorf("%d spends", f.store.spends)
	}
	f.redeem("POST", issuer.RedeemPath, tokens[0], news)
}

func TestPolyfillRedemptionWithCredentialsIsRefusedUnspent(t *testing.T) {
	f := serve(t, withPolyfill)
	issue, finish := blind(t, 1)
	tok := finish(f.script(issuer.PolyfillIssuePath, issue).header.Get("Private-State-Token"))[0]
	for _, h := range [][]string{{"Cookie", "session=ada"}, {"Authorization", "Bearer ada"}} {
		if r := f.script(issuer.PolyfillRedeemPath, redemption(tok, news), h...); r.status != 400 || r.code() != "credentials_sent" {
			t.Errorf("%s: %d %s", h[0], r.status, r.body)
		}
	}
	if f.store.spends != 0 {
		t.Error("the token was spent")
	}
	if r := f.script(issuer.PolyfillRedeemPath, redemption(tok, news)); r.status != 200 {
		t.Errorf("%d %s", r.status, r.body)
	}
}

func TestPolyfillOriginsAndMethods(t *testing.T) {
	f := serve(t, withPolyfill)
	msg, _ := blind(t, 1)
	if r := f.script(issuer.PolyfillIssuePath, msg, "Origin", "https://evil.example"); r.status != 403 || r.code() != "origin_not_allowed" {
		t.Errorf("a stranger asked for tokens: %d %s", r.status, r.body)
	}
	if r := f.do(http.MethodGet, issuer.PolyfillRedeemPath); r.status != 405 || r.header.Get("Allow") != "POST" {
		t.Errorf("GET: %d", r.status)
	}
	for _, c := range []struct {
		path, origin   string
		status         int
		allow, headers string
	}{
		{issuer.PolyfillIssuePath, self, 204, self, "Private-State-Token, Private-State-Token-Crypto-Version, Issuance-Proof, Content-Type"},
		{issuer.PolyfillIssuePath, "https://evil.example", 403, "*", ""},
		{issuer.PolyfillRedeemPath, keeper, 204, "*", "Private-State-Token, Private-State-Token-Crypto-Version, Content-Type"},
	} {
		r := f.do("OPTIONS", c.path, "Origin", c.origin, "Access-Control-Request-Method", "POST",
			"Access-Control-Request-Headers", "private-state-token, private-state-token-crypto-version")
		if r.status != c.status || r.header.Get("Access-Control-Allow-Origin") != c.allow || r.header.Get("Access-Control-Allow-Headers") != c.headers {
			t.Errorf("OPTIONS %s from %s: %d %v", c.path, c.origin, r.status, r.header)
		}
	}
}
