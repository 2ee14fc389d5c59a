package issuer_test

import (
	"bufio"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/issuer"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

func TestIssueFinishRedeem(t *testing.T) {
	for _, c := range []struct{ method, issue, redeem string }{
		{"POST", issuer.IssuePath, issuer.RedeemPath},
		{"GET", issuer.IssuePath, issuer.RedeemPath}, // the article's fetch has no method
		{"POST", issuer.TrustTokenPath, issuer.TrustTokenPath},
		{"GET", issuer.TrustTokenPath, issuer.TrustTokenPath},
	} {
		t.Run(c.method+" "+c.issue, func(t *testing.T) {
			f := serve(t, nil)
			tokens := f.issue(c.method, c.issue, 30)
			if len(tokens) != 30 {
				t.Fatalf("%d tokens", len(tokens))
			}
			r := f.send(c.method, c.redeem, redemption(tokens[0], news), "Origin", news)
			record, _ := r.token()
			got := f.judge(record)
			hour := start.Truncate(time.Hour).Unix()
			want := pst.Record{Issuer: self, Origin: news, Via: "native", KeyID: 1, IssuedAt: hour, Expiry: hour + 86400}
			if *got != want {
				t.Errorf("record %+v, want %+v", *got, want)
			}
			left := hour + 86400 - start.Unix()
			if l := r.header.Get(pst.HeaderLifetime); l != strconv.FormatInt(left, 10) {
				t.Errorf("lifetime %q, want %d", l, left)
			}
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Access-Control-Allow-Origin": "*",
				"Access-Control-Allow-Credentials": "", "Set-Cookie": "",
			} {
				if got := r.header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			if string(r.body) != `{"redeemed":true}` {
				t.Errorf("body %s", r.body)
			}
			again := f.send(c.method, c.redeem, redemption(tokens[0], news))
			if again.status != 409 || again.code() != "already_spent" {
				t.Errorf("the replay was answered %d %s", again.status, again.body)
			}
			if want := "This token was already spent. Tokens work once. Get more at " + self + "."; !strings.Contains(string(again.body), want) {
				t.Errorf("the replay was told %s", again.body)
			}
			f.redeem(c.method, c.redeem, tokens[1], news)
			counts, err := f.store.Counts(t.Context(), 0)
			if err != nil || fmt.Sprint(counts) != "[{https://news.example 2026-05-04 2}]" {
				t.Errorf("counted %v, %v", counts, err)
			}
		})
	}
}

func TestPolicyGrantsFewerNoneOrMore(t *testing.T) {
	for _, c := range []struct{ asked, granted, want int }{
		{30, 7, 7}, {5, 3, 3}, {30, 0, 0}, {30, -1, 0}, {5, 1000, 5},
		{60, 1000, 60}, {61, 1000, 60}, {100, 1000, 60}, // never above the batch size
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			f := serve(t, func(_ *fixture, c2 *issuer.Config) { c2.Policy = grant(c.granted); c2.BatchSize = 60 })
			req, pending, err := pst.Begin(keyOne.PublicKey(), c.asked)
			if err != nil {
				t.Fatal(err)
			}
			r := f.send("POST", issuer.IssuePath, req.Bytes())
			value, ok := r.token()
			if r.status != 200 || !ok || (value == "") != (c.want == 0) {
				t.Fatalf("%d %q", r.status, value)
			}
			if want := fmt.Sprintf(`{"requested":%d,"issued":%d,"reason":"granted"}`, c.asked, c.want); string(r.body) != want {
				t.Errorf("body %s, want %s", r.body, want)
			}
			if c.want == 0 {
				return
			}
			raw, _ := base64.StdEncoding.DecodeString(value)
			resp, err := pst.ParseIssueResponse(raw)
			if err != nil {
				t.Fatal(err)
			}
			if tokens, err := pending.Finish(resp); err != nil || len(tokens) != c.want {
				t.Errorf("%d tokens, %v", len(tokens), err)
			}
		})
	}
}

func TestDefaultBatchIsAdvertisedAndKept(t *testing.T) {
	f := serve(t, nil)
	if got := len(f.issue("POST", issuer.IssuePath, 60)); got != 30 {
		t.Errorf("60 asked, %d issued, want the batch of 30", got)
	}
	c, err := pst.ParseCommitments(f.do("GET", issuer.CommitmentPath).body)
	if err != nil || c.BatchSize != 30 || c.ID != 1 {
		t.Errorf("commitment %+v, %v", c, err)
	}
}

// The browser's requests of 2026, with keys derived from the same secrets.
func TestChromiumsOwnRequests(t *testing.T) {
	file, err := os.Open("testdata/chromium-156-pst-requests.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	f := serve(t, nil)
	lines := bufio.NewScanner(file)
	seen := map[string]int{}
	for lines.Scan() {
		var v struct {
			Op            string
			KeyID         uint32 `json:"key_id"`
			Secret        string `json:"key_secret"`
			Request       string `json:"request_b64"`
			NonceHex      string `json:"nonce_hex"`
			ClientDataHex string `json:"client_data_hex"`
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.KeyID != 1 || v.Secret != "FIX0" {
			t.Fatalf("a request for key %d of %q: the fixture has FIX0 as 1", v.KeyID, v.Secret)
		}
		seen[v.Op]++
		path := issuer.IssuePath
		if v.Op == "redeem" {
			path = issuer.RedeemPath
			nonce, err := hex.DecodeString(v.NonceHex)
			if err != nil {
				t.Fatal(err)
			}
			f.secret(nonce)
		}
		r := f.do("POST", path, pst.HeaderToken, v.Request, pst.HeaderVersion, pst.Version)
		value, ok := r.token()
		if r.status != 200 || !ok || value == "" {
			t.Fatalf("%s: %d %s", v.Op, r.status, r.body)
		}
		switch v.Op {
		case "issue":
			raw, err := base64.StdEncoding.DecodeString(value)
			if err != nil {
				t.Fatal(err)
			}
			if resp, err := pst.ParseIssueResponse(raw); err != nil || resp.Issued() != 5 || resp.KeyID() != 1 {
				t.Errorf("response %+v, %v", resp, err)
			}
		case "redeem":
			if rec := f.judge(value); rec.Origin != "https://site-b.example" {
				t.Errorf("record for %q", rec.Origin)
			}
			again := f.do("POST", issuer.TrustTokenPath, pst.HeaderToken, v.Request, pst.HeaderVersion, pst.Version)
			if again.status != http.StatusConflict {
				t.Errorf("the replay was answered %d", again.status)
			}
		}
	}
	if seen["issue"] != 1 || seen["redeem"] != 2 {
		t.Errorf("played %v", seen)
	}
}

func TestRotatedKeys(t *testing.T) {
	f := serve(t, func(_ *fixture, c *issuer.Config) {
		set, err := pst.NewKeySet(keyTwo, keyOne)
		if err == nil {
			c.Keys, err = issuer.NewKeys(set, c.Keys.Expiry())
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	tok := f.issue("POST", issuer.IssuePath, 1)[0]
	if tok.KeyID != 2 {
		t.Fatalf("signed with key %d", tok.KeyID)
	}
	if rec := f.judge(f.redeem("POST", issuer.RedeemPath, tok, news)); rec.KeyID != 2 {
		t.Errorf("the record names key %d", rec.KeyID)
	}
	// A token of the older key is still good.
	req, pending, err := pst.Begin(keyOne.PublicKey(), 2)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := keyOne.Issue(req, 2)
	if err != nil {
		t.Fatal(err)
	}
	old, err := pending.Finish(resp)
	if err != nil {
		t.Fatal(err)
	}
	if rec := f.judge(f.redeem("POST", issuer.RedeemPath, old[0], news)); rec.KeyID != 1 {
		t.Errorf("the record names key %d", rec.KeyID)
	}
	// Once it has expired, it is not, and what signs must not have expired.
	f.at(start.AddDate(0, 0, 7))
	if r := f.send("POST", issuer.RedeemPath, redemption(tok, news)); r.code() != "key_expired" {
		t.Errorf("%d %s", r.status, r.body)
	}
	if r := f.send("POST", issuer.IssuePath, req.Bytes()); r.status != 503 || r.code() != "no_active_key" {
		t.Errorf("%d %s", r.status, r.body)
	}
	f.redeem("POST", issuer.RedeemPath, old[1], news)
}
