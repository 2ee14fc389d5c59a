package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bonafides-dev/bonafides/internal/exchange"
	core "github.com/bonafides-dev/bonafides/internal/refusal"
	"github.com/bonafides-dev/bonafides/protocol/jws"
	"github.com/bonafides-dev/bonafides/protocol/pst"
)

const (
	now    = 1_800_000_000
	origin = "https://issuer.example"
	site   = "https://news.example"
)

func refusedAs(err error) (code string, status int) {
	var r *core.Refusal
	if errors.As(err, &r) {
		return r.Code, r.Status
	}
	return "", 0
}

// secret returns the keys of the tests: 7 signs, 8 has expired.
func secret(t *testing.T) string {
	t.Helper()
	a, err := pst.DeriveKey(7, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := pst.DeriveKey(8, []byte("b"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := pst.NewKeySet(a, b)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := exchange.NewKeys(set, map[uint32]time.Time{7: time.Unix(now+3600, 5), 8: time.Unix(now, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return keys.Secret()
}

// tokens gets count tokens of the key that signs.
func tokens(t *testing.T, keys string, ask, give int) []pst.Token {
	t.Helper()
	document, err := commitments(keys, 3, 10)
	if err != nil {
		t.Fatal(err)
	}
	c, err := pst.ParseCommitments([]byte(document))
	if err != nil || c.ID != 3 || c.BatchSize != 10 {
		t.Fatalf("%s, %v", document, err)
	}
	req, pending, err := pst.BeginAny(c.Live(now*1e6), ask)
	if err != nil {
		t.Fatal(err)
	}
	header := base64.StdEncoding.EncodeToString(req.Bytes())
	if n, err := beginIssuance(false, header, pst.Version, keys, now); err != nil || int(n) != ask {
		t.Fatalf("%d, %v", n, err)
	}
	answer, err := signIssuance(header, keys, uint16(give), now)
	if err != nil {
		t.Fatal(err)
	}
	if give == 0 {
		if answer != "" {
			t.Errorf("no tokens are %q", answer)
		}
		return nil
	}
	raw, err := base64.StdEncoding.DecodeString(answer)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := pst.ParseIssueResponse(raw)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pending.Finish(resp)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func redemptionOf(token pst.Token) string {
	r := pst.RedeemRequest{Token: token, ClientData: pst.ClientData{RedeemingOrigin: site, RedemptionTimestamp: now}}
	return base64.StdEncoding.EncodeToString(r.Bytes())
}

func TestTokensAreIssuedRedeemedAndRecorded(t *testing.T) {
	keys := secret(t)
	if got := tokens(t, keys, 4, 0); len(got) != 0 {
		t.Errorf("%d tokens of none", len(got))
	}
	if got := tokens(t, keys, 3, 100); len(got) != 3 {
		t.Errorf("%d tokens, asked for 3", len(got))
	}
	token := tokens(t, keys, 5, 2)[1]
	header := redemptionOf(token)
	if redemption, readable, _ := isRedemption(header, pst.Version); !redemption || !readable {
		t.Error("a redemption is none")
	}
	id, nonce, row, from, expires, err := verifyRedemption(false, header, pst.Version, keys, now)
	if err != nil || id != 7 || [pst.NonceSize]byte(nonce) != token.Nonce || [16]byte(row) != exchange.SpentRow(7, token.Nonce) || from != site || expires != now+3601 {
		t.Fatalf("%d %x %s %d, %v", id, nonce, from, expires, err)
	}

	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	kid, jwks, err := recordKeys(key.Public().(ed25519.PublicKey))
	if err != nil {
		t.Fatal(err)
	}
	input, seconds, err := recordInput(origin, kid, id, from, true, 7200, false, now)
	if err != nil || int64(seconds) != now-now%3600+7200-now {
		t.Fatalf("%d seconds, %v", seconds, err)
	}
	record, err := assemble(input, ed25519.Sign(key, []byte(input)))
	if err != nil {
		t.Fatal(err)
	}
	set, err := jws.ParseKeySet([]byte(jwks))
	if err != nil {
		t.Fatal(err)
	}
	if rec, err := pst.JudgeRecord(record, set, origin, time.Unix(now, 0)); err != nil || rec.Origin != site || rec.Via != pst.ViaPolyfill || rec.KeyID != 7 {
		t.Fatalf("%+v, %v", rec, err)
	}
}

func code(err error) string { c, _ := refusedAs(err); return c }

func TestRefusalsHaveCodesAndStatus(t *testing.T) {
	keys := secret(t)
	token := redemptionOf(tokens(t, keys, 1, 1)[0])
	for name, c := range map[string]struct {
		err    error
		code   string
		status int
	}{
		"no header":   {func() error { _, err := beginIssuance(false, "", "", keys, now); return err }(), "token_header_missing", 400},
		"two headers": {func() error { _, err := beginIssuance(false, "AA==, AA==", pst.Version, keys, now); return err }(), "header_duplicate", 400},
		"too long": {func() error {
			_, err := beginIssuance(true, strings.Repeat("A", 20000), pst.Version, keys, now)
			return err
		}(), "token_header_too_large", 431},
		"a redemption": {func() error { _, err := beginIssuance(false, token, pst.Version, keys, now); return err }(), "not_an_issue_request", 400},
		"no keys": {func() error {
			_, _, _, _, _, err := verifyRedemption(false, token, pst.Version, "sesame", now)
			return err
		}(), "keys_invalid", 503},
		"an expired key": {func() error {
			_, _, _, _, _, err := verifyRedemption(false, token, pst.Version, keys, now+3601)
			return err
		}(), "key_expired", 400},
		"spent":             {func() error { _, err := alreadySpent(origin); return err }(), "already_spent", 409},
		"a named one":       {func() error { _, err := refusal("store_unavailable"); return err }(), "store_unavailable", 503},
		"an unnamed one":    {func() error { _, err := refusal("sesame"); return err }(), "", 0},
		"too many changes":  {func() error { _, err := commitments(keys, 1<<31, 10); return err }(), "commitment_invalid", 503},
		"no gate secret":    {func() error { _, _, err := ringSecret("gate", "sesame"); return err }(), "gate_keys_invalid", 503},
		"no record secret":  {func() error { _, _, err := ringSecret("record", "sesame"); return err }(), "record_keys_invalid", 503},
		"half a record key": {func() error { _, _, err := recordKeys(make([]byte, 33)); return err }(), "record_keys_invalid", 0},
		"a short signature": {func() error { _, err := assemble("a.b", make([]byte, 63)); return err }(), "signature_invalid", 0},
		"no issuer":         {func() error { _, _, err := recordInput("", "k", 1, site, false, 7200, false, now); return err }(), "signing_failed", 500},
		"easy work":         {func() error { _, err := workChallenge(keys, 7, 300, now); return err }(), "work_invalid", 503},
		"no JSON":           {func() error { _, err := judgeCaptcha([]byte("x"), "h", "", ""); return err }(), "captcha_unavailable", 503},
		"a score of none":   {func() error { _, err := judgeCaptcha([]byte("{}"), "h", "", "none"); return err }(), "captcha_config", 503},
	} {
		if got, status := refusedAs(c.err); got != c.code || status != c.status {
			t.Errorf("%s: %q %d (%v), want %q %d", name, got, status, c.err, c.code, c.status)
		}
		if c.err != nil && strings.Contains(c.err.Error(), "sesame") {
			t.Errorf("%s: the error shows a secret", name)
		}
	}
	for name := range refusals {
		if _, err := refusal(name); code(err) == "" {
			t.Errorf("%s has no code", name)
		}
	}
}

func TestWorkIsJudgedByEveryInstance(t *testing.T) {
	keys := secret(t)
	body, err := workChallenge(keys, 8, 300, now)
	if err != nil {
		t.Fatal(err)
	}
	challenge := strings.Split(body, `"`)[3]
	proof, ok := exchange.SolveWork(challenge, func() bool { return false })
	if !ok {
		t.Fatal(body)
	}
	reason, id, expires, err := judgeWork(keys, proof, now+299)
	if err != nil || reason != "" || len(id) != 32 || expires != now+300 {
		t.Fatalf("%q %x %d, %v", reason, id, expires, err)
	}
	wrong := challenge + ".0" // or the first number that is no solution: one in 256 is
	for n := 1; sha256.Sum256([]byte(wrong))[0] == 0; n++ {
		wrong = fmt.Sprintf("%s.%d", challenge, n)
	}
	for want, c := range map[string]struct {
		proof string
		now   int64
	}{"proof_of_work_missing": {"", now}, "proof_of_work_expired": {proof, now + 300}, "proof_of_work_invalid": {wrong, now}} {
		if reason, id, _, err := judgeWork(keys, c.proof, c.now); reason != want || id != nil || err != nil {
			t.Errorf("%q %x, %v; want %s", reason, id, err, want)
		}
	}
}

func TestCaptchasAreJudged(t *testing.T) {
	for body, want := range map[string]string{
		`{"success":true,"hostname":"h","action":"a","score":0.7}`:      "",
		`{"success":true,"hostname":"h","action":"a","score":0.4}`:      "captcha_failed",
		`{"success":true,"hostname":"other","action":"a","score":0.7}`:  "captcha_failed",
		`{"success":false,"error-codes":["timeout-or-duplicate"]}`:      "captcha_expired",
		`{"success":true,"hostname":"h","action":"other","score":0.99}`: "captcha_failed",
	} {
		if reason, err := judgeCaptcha([]byte(body), "h", "a", "0.5"); err != nil || reason != want {
			t.Errorf("%s: %q, %v; want %q", body, reason, err, want)
		}
	}
}

func TestOtherKeysAreReadAnew(t *testing.T) {
	keys := secret(t)
	token := redemptionOf(tokens(t, keys, 1, 1)[0])
	other, err := pst.DeriveKey(9, []byte("c"))
	if err != nil {
		t.Fatal(err)
	}
	set, err := pst.NewKeySet(other)
	if err != nil {
		t.Fatal(err)
	}
	k, err := exchange.NewKeys(set, map[uint32]time.Time{9: time.Unix(now+3600, 0)})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, _, _, _, _, err := verifyRedemption(false, token, pst.Version, keys, now); err != nil {
			t.Errorf("its own keys: %v", err)
		}
		if _, _, _, _, _, err := verifyRedemption(false, token, pst.Version, k.Secret(), now); code(err) != "key_unknown" {
			t.Errorf("other keys: %v", err)
		}
		if _, _, _, _, _, err := verifyRedemption(false, token, pst.Version, "sesame", now); code(err) != "keys_invalid" {
			t.Errorf("no keys: %v", err)
		}
	}
}
