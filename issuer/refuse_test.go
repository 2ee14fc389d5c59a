package issuer_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

// cut returns b without its last n bytes, put b with other bytes at a place.
func cut(b []byte, n int) []byte { return bytes.Clone(b[:len(b)-n]) }

func put(b []byte, at int, with ...byte) []byte {
	c := bytes.Clone(b)
	copy(c[at:], with)
	return c
}

func TestEveryBadInputIsNamedAndChangesNothing(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Polyfill = true })
	tokens := f.issue("POST", issuer.IssuePath, 2)
	issue, _, err := pst.Begin(keyOne.PublicKey(), 3)
	if err != nil {
		t.Fatal(err)
	}
	ask := issue.Bytes()
	redeem := redemption(tokens[0], news)

	forged := func() []byte { // made with a key that only claims the id
		req, pending, _ := pst.Begin(strange.PublicKey(), 1)
		resp, _ := strange.Issue(req, 1)
		toks, err := pending.Finish(resp)
		if err != nil {
			t.Fatal(err)
		}
		return redemption(toks[0], news)
	}()
	other := redemption(tokens[1], news)
	mixed := put(redeem, 2+4, other[6:6+64]...) // the nonce of another token
	flip := put(redeem, 2+4, redeem[6]^1)
	noise := make([]byte, 400)
	rand.Read(noise)
	noise[0], noise[1] = 0, 165

	std := base64.StdEncoding.EncodeToString
	type input struct {
		name, token string
		version     string // empty: the right one
		issue       string // the code at the issuance endpoint
		redeem      string // at the redemption endpoint
	}
	msg := func(name string, m []byte, issue, redeem string) input {
		return input{name: name, token: std(m), issue: issue, redeem: redeem}
	}
	inputs := []input{
		{name: "empty header", token: "", issue: "token_header_missing", redeem: "token_header_missing"},
		{name: "wrong version", token: std(ask), version: "PrivateStateTokenV1PMB", issue: "version_unsupported", redeem: "version_unsupported"},
		{name: "version with a comma", token: std(ask), version: pst.Version + ",x", issue: "header_duplicate", redeem: "header_duplicate"},
		{name: "version in lower case", token: std(ask), version: strings.ToLower(pst.Version), issue: "version_unsupported", redeem: "version_unsupported"},
		{name: "not base64", token: "!!!!", issue: "not_base64", redeem: "not_base64"},
		{name: "quoted as a structured field", token: `"` + std(ask) + `"`, issue: "not_base64", redeem: "not_base64"},
		{name: "base64url", token: "_-8=", issue: "not_base64", redeem: "not_base64"},
		{name: "base64 without padding", token: "AAA", issue: "not_base64", redeem: "not_base64"},
		{name: "base64 with stray bits", token: "AAB=", issue: "not_base64", redeem: "not_base64"},
		{name: "base64 with a space", token: "AA AA", issue: "not_base64", redeem: "not_base64"},
		{name: "base64 with text after", token: "AAA=AAAA", issue: "not_base64", redeem: "not_base64"},
		{name: "header above 16 KiB", token: strings.Repeat("A", 16<<10+4), issue: "token_header_too_large", redeem: "token_header_too_large"},
		msg("one byte", []byte{0}, "truncated", "truncated"),
		msg("only a count", []byte{0, 1}, "truncated", "token_length"),
		msg("no elements", []byte{0, 0}, "batch_empty", "token_length"),
		msg("last byte missing", cut(ask, 1), "truncated", "token_length"),
		msg("one byte too many", append(bytes.Clone(ask), 0), "trailing_bytes", "token_length"),
		msg("count too low", put(ask, 0, 0, 2), "trailing_bytes", "token_length"),
		msg("count too high", put(ask, 0, 0, 4), "truncated", "token_length"),
		msg("batch of 101", put(make([]byte, 2+101*97), 0, 0, 101), "batch_too_large", "token_length"),
		msg("batch of 65535", put(ask, 0, 0xff, 0xff), "batch_too_large", "token_length"),
		msg("off the curve", put(ask, 50, ask[50]^1), "element_invalid", "not_a_redeem_request"),
		msg("identity element", put(ask, 2, make([]byte, 97)...), "element_identity", "not_a_redeem_request"),
		msg("compressed element", put(ask, 2, 2), "element_compressed", "not_a_redeem_request"),
		msg("hybrid element", put(ask, 2, 6), "element_compressed", "not_a_redeem_request"),
		msg("coordinate above the prime", put(ask, 3, bytes.Repeat([]byte{0xff}, 48)...), "element_invalid", "not_a_redeem_request"),
		msg("issue request", ask, "", "not_a_redeem_request"),
		msg("redeem request", redeem, "not_an_issue_request", ""),
		msg("token cut short", redeem[:100], "not_an_issue_request", "truncated"),
		msg("no client data", redeem[:167], "not_an_issue_request", "truncated"),
		msg("client data cut short", cut(redeem, 1), "not_an_issue_request", "truncated"),
		msg("byte after the client data", append(bytes.Clone(redeem), 0), "not_an_issue_request", "trailing_bytes"),
		msg("empty client data", put(redeem[:169], 167, 0, 0), "not_an_issue_request", "client_data_invalid"),
		msg("client data with another head", put(redeem, 169, 0xa3), "not_an_issue_request", "client_data_invalid"),
		msg("client data with another name", put(redeem, 171, 'R'), "not_an_issue_request", "client_data_invalid"),
		msg("unknown key", put(redeem, 2, 0, 0, 0, 9), "not_an_issue_request", "key_unknown"),
		msg("another of our keys", put(redeem, 2, 0, 0, 0, 2), "not_an_issue_request", "token_invalid"),
		msg("token of another issuer", forged, "not_an_issue_request", "token_invalid"),
		msg("one bit of the nonce", flip, "not_an_issue_request", "token_invalid"),
		msg("nonce of another token", mixed, "not_an_issue_request", "token_invalid"),
		msg("identity as token", put(redeem, 70, make([]byte, 97)...), "not_an_issue_request", "element_identity"),
		msg("compressed token", put(redeem, 70, 3), "not_an_issue_request", "element_compressed"),
		msg("random bytes", noise, "not_an_issue_request", ""),
	}
	for _, origin := range []string{"", "null", "news.example", "https://news.example/", "https://News.example",
		"https://news.example:443", "ftp://news.example", "https://", "https://news.example\n", "https://ünï.example",
		"https://user@news.example", "https://news.example:0", "https://news.example?", strings.Repeat("a", 1500)} {
		inputs = append(inputs, msg("origin "+origin[:min(len(origin), 30)], redemption(tokens[0], origin), "not_an_issue_request", "origin_invalid"))
	}

	f.store.spends = 0
	for _, in := range inputs {
		version := in.version
		if version == "" {
			version = pst.Version
		}
		for _, e := range []struct {
			path, want string
			h          exchange.Headers
			methods    []string
		}{
			{issuer.IssuePath, in.issue, exchange.Native, []string{"POST", "GET"}},
			{issuer.RedeemPath, in.redeem, exchange.Native, []string{"POST", "GET"}},
			{issuer.TrustTokenPath, "*", exchange.Native, []string{"POST", "GET"}},
			{issuer.PolyfillIssuePath, in.issue, exchange.Polyfill, []string{"POST", "GET"}},
			{issuer.PolyfillRedeemPath, in.redeem, exchange.Polyfill, []string{"POST"}},
		} {
			path, want := e.path, e.want
			if want == "" && in.name != "random bytes" {
				continue // this is the one that would be granted
			}
			for _, method := range e.methods {
				if path == issuer.TrustTokenPath && (in.name == "issue request" || in.name == "redeem request") {
					continue
				}
				r := f.do(method, path, e.h.Token, in.token, e.h.Version, version)
				name := method + " " + path + ": " + in.name
				if r.status < 400 || r.status > 499 {
					t.Errorf("%s: answered %d %s", name, r.status, r.body)
				}
				got := r.code()
				switch {
				case want == "*" && got != in.issue && got != in.redeem && in.name != "random bytes":
					t.Errorf("%s: code %q, want %q or %q", name, got, in.issue, in.redeem)
				case want == "" || want == "*":
				case got != want:
					t.Errorf("%s: code %q, want %q", name, got, want)
				}
				if r.header.Values(e.h.Token) != nil {
					t.Errorf("%s: a token header in a refusal", name)
				}
				if ct := r.header.Get("Content-Type"); ct != "application/problem+json" {
					t.Errorf("%s: content type %q", name, ct)
				}
				if cc := r.header.Get("Cache-Control"); cc != "no-store" {
					t.Errorf("%s: cache-control %q", name, cc)
				}
				if len(r.body) > 600 {
					t.Errorf("%s: a refusal of %d bytes", name, len(r.body))
				}
			}
		}
	}
	if f.store.spends != 0 {
		t.Errorf("bad input reached the store %d times", f.store.spends)
	}
	// Nothing of all that spent the tokens.
	f.redeem("POST", issuer.RedeemPath, tokens[0], news)
	f.redeem("POST", issuer.RedeemPath, tokens[1], news)
}

func TestHeadersThatAreMissingOrTwice(t *testing.T) {
	f := serve(t, nil)
	req, _, err := pst.Begin(keyOne.PublicKey(), 1)
	if err != nil {
		t.Fatal(err)
	}
	tok := base64.StdEncoding.EncodeToString(req.Bytes())
	for _, path := range []string{issuer.IssuePath, issuer.RedeemPath, issuer.TrustTokenPath} {
		for _, c := range []struct {
			want    string
			headers []string
		}{
			{"token_header_missing", nil},
			{"token_header_missing", []string{pst.HeaderVersion, pst.Version}},
			{"version_missing", []string{pst.HeaderToken, tok}},
			{"version_missing", []string{pst.HeaderToken, tok, pst.HeaderVersion, ""}},
			{"header_duplicate", []string{pst.HeaderToken, tok, pst.HeaderToken, tok, pst.HeaderVersion, pst.Version}},
			{"header_duplicate", []string{pst.HeaderToken, tok, pst.HeaderVersion, pst.Version, pst.HeaderVersion, pst.Version}},
			// A page can set this one; it is the polyfill's and means nothing here.
			{"token_header_missing", []string{"Private-State-Token", tok, pst.HeaderVersion, pst.Version}},
		} {
			if r := f.do("POST", path, c.headers...); r.status != 400 || r.code() != c.want {
				t.Errorf("%s %v: %d %s, want %s", path, c.headers, r.status, r.body, c.want)
			}
		}
	}
}

func TestOtherMethodsAndPaths(t *testing.T) {
	f := serve(t, nil)
	req, _, err := pst.Begin(keyOne.PublicKey(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{issuer.IssuePath, issuer.RedeemPath, issuer.TrustTokenPath} {
		for _, method := range []string{"PUT", "DELETE", "PATCH", "BREW"} {
			r := f.send(method, path, req.Bytes())
			if r.status != 405 || r.code() != "method_not_allowed" || r.header.Get("Allow") != "GET, POST" {
				t.Errorf("%s %s: %d %v %s", method, path, r.status, r.header["Allow"], r.body)
			}
		}
	}
	for _, path := range []string{issuer.CommitmentPath, issuer.RecordKeysPath} {
		if r := f.do("POST", path); r.status != 405 || r.header.Get("Allow") != "GET" {
			t.Errorf("POST %s: %d", path, r.status)
		}
	}
	for _, path := range []string{"/", "/issue/", "/Issue", "/.well-known/", "/redeem/x"} {
		if r := f.do("GET", path); r.status != 404 || r.code() != "not_found" {
			t.Errorf("GET %s: %d %s", path, r.status, r.body)
		}
	}
}

func TestLongBodyAndProofAreRefused(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) {
		c.Facts = func(r *http.Request) (issuer.Facts, error) {
			_, err := io.ReadAll(r.Body)
			return issuer.Facts{}, err
		}
	})
	msg, _, err := pst.Begin(keyOne.PublicKey(), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, declared := range []bool{true, false} {
		var body io.Reader = strings.NewReader(strings.Repeat("x", 64<<10+1))
		if !declared {
			body = io.MultiReader(body) // sent in chunks
		}
		req, err := http.NewRequest("POST", f.srv.URL+issuer.IssuePath, body)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(pst.HeaderToken, base64.StdEncoding.EncodeToString(msg.Bytes()))
		req.Header.Set(pst.HeaderVersion, pst.Version)
		resp, err := f.srv.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("a body of 64 KiB + 1 (length declared: %v) was answered %d", declared, resp.StatusCode)
		}
	}
	if r := f.send("POST", issuer.IssuePath, msg.Bytes(), issuer.ProofHeader, strings.Repeat("x", 8<<10+1)); r.code() != "proof_too_large" {
		t.Errorf("a proof of 8 KiB + 1: %d %s", r.status, r.body)
	}
}

// The largest batch that a browser sends has to fit.
func TestBatchOfHundredFitsTheHeader(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) { c.Policy = grant(1) })
	if n := len(f.issue("POST", issuer.IssuePath, 100)); n != 1 {
		t.Errorf("%d tokens", n)
	}
}
